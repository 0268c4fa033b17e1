import { constants } from 'node:http2';
import { H3_ERROR, Http3Error } from '../../errors.js';
import { HTTP_VERSION, type MessageStream } from '../compat/stream-messages.js';
import type { ServerHttp3Stream } from '../server-types.js';

/** The error codes that a stream is ended with: HTTP/3's (RFC 9114 8.1), or HTTP/2's (RFC 9113 7) for one of the TCP sibling. */
export interface StreamCodes {
  readonly noError: number;
  readonly internalError: number;
  readonly cancelled: number;
}

export const HTTP3_CODES: StreamCodes = {
  noError: H3_ERROR.H3_NO_ERROR,
  internalError: H3_ERROR.H3_INTERNAL_ERROR,
  cancelled: H3_ERROR.H3_REQUEST_CANCELLED,
};

export const HTTP2_CODES: StreamCodes = {
  noError: constants.NGHTTP2_NO_ERROR,
  internalError: constants.NGHTTP2_INTERNAL_ERROR,
  // The only code with which node:http2 resets without ending the response first: see `resetStream`.
  cancelled: constants.NGHTTP2_INTERNAL_ERROR,
};

/** A stream of the TCP sibling. */
export function isHttp2(stream: MessageStream): boolean {
  return stream[HTTP_VERSION] === 2;
}

/**
 * Ends a stream with a code. node:http2's `close` ends the response before it resets, so that a client could take what it has
 * for all of it; `destroy` with an error does not, and resets with INTERNAL_ERROR.
 */
export function resetStream(stream: ServerHttp3Stream, code: number): void {
  if (isHttp2(stream) && code === HTTP2_CODES.internalError) {
    stream.destroy(new Http3Error('ERR_HTTP3_WORKER', 'The response ended before it was complete'));
  } else {
    stream.close(code);
  }
}
