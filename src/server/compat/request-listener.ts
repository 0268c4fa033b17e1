import type { StreamListener } from '../server-types.js';
import { Http3ServerRequest } from './server-request.js';
import { Http3ServerResponse } from './server-response.js';

/** Called for each request, as node:http's listeners are. */
export type RequestListener = (request: Http3ServerRequest, response: Http3ServerResponse) => void;

/** Who else takes requests. Each returns false to have the request handled as if it were not there. */
export interface RequestListenerOptions {
  /** Requests with `Expect: 100-continue`. Default: 100 is sent, and they go to the listener. */
  readonly checkContinue?: (request: Http3ServerRequest, response: Http3ServerResponse) => boolean;
  /** Requests with any other Expect. Default: 417. */
  readonly checkExpectation?: (request: Http3ServerRequest, response: Http3ServerResponse) => boolean;
  /** CONNECT requests. Default: 405. */
  readonly connect?: (request: Http3ServerRequest, response: Http3ServerResponse) => boolean;
}

const METHOD_NOT_ALLOWED = 405;
const EXPECTATION_FAILED = 417;

/**
 * Makes a listener for streams of a (req, res) listener. For a server with events:
 * `toStreamListener((req, res) => server.emit('request', req, res), { checkContinue: (req, res) => server.emit('checkContinue', req, res) … })`.
 */
export function toStreamListener(onRequest: RequestListener, options: RequestListenerOptions = {}): StreamListener {
  const { checkContinue, checkExpectation, connect } = options;
  return (stream, headers, _flags, rawHeaders) => {
    const request = new Http3ServerRequest(stream, headers, rawHeaders);
    const response = new Http3ServerResponse(request);
    if (headers[':method'] === 'CONNECT') {
      if (!connect?.(request, response)) refuse(response, METHOD_NOT_ALLOWED);
      return;
    }
    const { expect } = headers;
    if (expect === undefined) {
      onRequest(request, response);
    } else if (expect.toLowerCase() !== '100-continue') {
      if (!checkExpectation?.(request, response)) refuse(response, EXPECTATION_FAILED);
    } else if (!checkContinue?.(request, response)) {
      response.writeContinue();
      onRequest(request, response);
    }
  };
}

function refuse(response: Http3ServerResponse, status: number): void {
  response.statusCode = status;
  response.end();
}
