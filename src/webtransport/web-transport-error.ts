import type { WebTransportErrorOptions, WebTransportErrorSource } from './dictionaries.js';
import { defineInterface, toClampedUnsignedLong, toDictionary, toDomString, toEnum } from './webidl.js';

const SOURCES: readonly WebTransportErrorSource[] = ['stream', 'session'];

/**
 * An error of the peer or the network, or the reason for an abort of one's own (W3C WebTransport, `WebTransportError`).
 *
 * `name` is 'WebTransportError' and the legacy `code` 0. As the reason of `abort()` or `cancel()`, its `streamErrorCode`
 * is the code on the wire.
 */
export class WebTransportError extends DOMException {
  readonly #source: WebTransportErrorSource;
  readonly #streamErrorCode: number | null;

  /**
   * An object as the only argument stands for the options, as in the constructor's former edition, which Chromium takes
   * besides today's as well.
   *
   * @param message default ''
   */
  constructor(message?: string, options?: WebTransportErrorOptions);
  constructor(options: WebTransportErrorOptions);
  constructor(first: string | WebTransportErrorOptions = '', second?: WebTransportErrorOptions) {
    const isFormer = second === undefined && typeof first === 'object' && first !== null;
    const [message, options] = isFormer ? ['', first] : [first, second];
    const text = toDomString(message, 'message');
    const { source = 'stream', streamErrorCode = null } = toDictionary(options, 'options');
    const code = streamErrorCode === null ? null : toClampedUnsignedLong(streamErrorCode, 'streamErrorCode');
    super(text, 'WebTransportError');
    this.#source = toEnum(source, SOURCES, 'source');
    this.#streamErrorCode = code;
  }

  /** What ended: one stream or the session. */
  get source(): WebTransportErrorSource {
    return this.#source;
  }

  /** Application error code, 0 … 2^32 - 1; null if there is none. */
  get streamErrorCode(): number | null {
    return this.#streamErrorCode;
  }
}
defineInterface(WebTransportError, 'WebTransportError');

/** The session's end. `cause` tells what the browsers' API hides: the package's own error with its code. */
export function sessionError(message: string, cause?: Error): WebTransportError {
  const error = new WebTransportError(message, { source: 'session' });
  if (cause !== undefined) {
    Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
  }
  return error;
}

/** The peer ended a stream. */
export function streamError(message: string, streamErrorCode: number | undefined): WebTransportError {
  return new WebTransportError(message, { source: 'stream', streamErrorCode: streamErrorCode ?? null });
}

/** Code for RESET_STREAM or STOP_SENDING, of the reason of an abort or cancel (W3C WebTransport 7.4 and 9.3). */
export function abortCode(reason: unknown): number {
  return reason instanceof WebTransportError ? (reason.streamErrorCode ?? 0) : 0;
}
