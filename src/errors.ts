/**
 * All error classes, and the names of QUIC and HTTP/3 error codes.
 *
 * Every error has a `code` (undici's or Node's where one fits), says whether the request is safe to retry, and carries
 * the wire's error code and its name where there is one.
 */

/** HTTP/3 and QPACK error codes (RFC 9114 8.1, RFC 9204 6). */
export const H3_ERROR = {
  H3_DATAGRAM_ERROR: 0x33,
  H3_NO_ERROR: 0x100,
  H3_GENERAL_PROTOCOL_ERROR: 0x101,
  H3_INTERNAL_ERROR: 0x102,
  H3_STREAM_CREATION_ERROR: 0x103,
  H3_CLOSED_CRITICAL_STREAM: 0x104,
  H3_FRAME_UNEXPECTED: 0x105,
  H3_FRAME_ERROR: 0x106,
  H3_EXCESSIVE_LOAD: 0x107,
  H3_ID_ERROR: 0x108,
  H3_SETTINGS_ERROR: 0x109,
  H3_MISSING_SETTINGS: 0x10a,
  H3_REQUEST_REJECTED: 0x10b,
  H3_REQUEST_CANCELLED: 0x10c,
  H3_REQUEST_INCOMPLETE: 0x10d,
  H3_MESSAGE_ERROR: 0x10e,
  H3_CONNECT_ERROR: 0x10f,
  H3_VERSION_FALLBACK: 0x110,
  QPACK_DECOMPRESSION_FAILED: 0x200,
  QPACK_ENCODER_STREAM_ERROR: 0x201,
  QPACK_DECODER_STREAM_ERROR: 0x202,
} as const;

/** WebTransport's HTTP/3 error codes (draft-ietf-webtrans-http3-16 9.5). */
export const WEBTRANSPORT_ERROR = {
  WT_FLOW_CONTROL_ERROR: 0x045d4487,
  WT_ALPN_ERROR: 0x0817b3dd,
  WT_SESSION_GONE: 0x170d7b68,
  WT_REQUIREMENTS_NOT_MET: 0x212c0d48,
  WT_BUFFERED_STREAM_REJECTED: 0x3994bd84,
} as const;

/** QUIC transport error codes (RFC 9000 20.1, RFC 9368 4). */
export const QUIC_ERROR = {
  NO_ERROR: 0x0,
  INTERNAL_ERROR: 0x1,
  CONNECTION_REFUSED: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  STREAM_LIMIT_ERROR: 0x4,
  STREAM_STATE_ERROR: 0x5,
  FINAL_SIZE_ERROR: 0x6,
  FRAME_ENCODING_ERROR: 0x7,
  TRANSPORT_PARAMETER_ERROR: 0x8,
  CONNECTION_ID_LIMIT_ERROR: 0x9,
  PROTOCOL_VIOLATION: 0xa,
  INVALID_TOKEN: 0xb,
  APPLICATION_ERROR: 0xc,
  CRYPTO_BUFFER_EXCEEDED: 0xd,
  KEY_UPDATE_ERROR: 0xe,
  AEAD_LIMIT_REACHED: 0xf,
  NO_VIABLE_PATH: 0x10,
  VERSION_NEGOTIATION_ERROR: 0x11,
} as const;

/** First of the 256 QUIC error codes that carry a TLS alert (RFC 9001 4.8). */
const CRYPTO_ERROR_BASE = 0x100;

const h3Names = new Map<number, string>(
  Object.entries({ ...H3_ERROR, ...WEBTRANSPORT_ERROR }).map(([name, code]) => [code, name]),
);
const quicNames = new Map<number, string>(Object.entries(QUIC_ERROR).map(([name, code]) => [code, name]));

/** Name of an HTTP/3 error code, or its number in hex. */
export function h3ErrorName(code: number): string {
  return h3Names.get(code) ?? `0x${code.toString(16)}`;
}

/** Whether an error code is one that HTTP/3, QPACK or WebTransport defines. */
export function isH3Error(code: number): boolean {
  return h3Names.has(code);
}

/** Name of a QUIC transport error code, or its number in hex. */
export function quicErrorName(code: number): string {
  if (code >= CRYPTO_ERROR_BASE && code < CRYPTO_ERROR_BASE + 256) {
    return `CRYPTO_ERROR (TLS alert ${code - CRYPTO_ERROR_BASE})`;
  }
  return quicNames.get(code) ?? `0x${code.toString(16)}`;
}

export interface Http3ErrorOptions {
  readonly cause?: unknown;
  /** QUIC or HTTP/3 error code of the wire. */
  readonly errorCode?: number | undefined;
  readonly errorName?: string | undefined;
  /** True if the server certainly has not processed the request. Default false. */
  readonly safeToRetry?: boolean;
}

/** Base of all errors of this package. */
export class Http3Error extends Error {
  /** Stable identifier; see docs/errors.md. */
  readonly code: string;
  /** QUIC or HTTP/3 error code where the wire had one. */
  readonly errorCode: number | undefined;
  /** Its name in the RFCs. */
  readonly errorName: string | undefined;
  /** The server certainly has not processed the request: sending it again cannot do a thing twice. */
  readonly safeToRetry: boolean;

  constructor(code: string, message: string, options: Http3ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.errorCode = options.errorCode;
    this.errorName = options.errorName;
    this.safeToRetry = options.safeToRetry ?? false;
  }
}

/** An argument or option that cannot be used. */
export class InvalidArgumentError extends Http3Error {
  constructor(message: string, options?: Http3ErrorOptions) {
    super('UND_ERR_INVALID_ARG', message, options);
  }
}

/** No connection was established within `connectTimeout`. */
export class ConnectTimeoutError extends Http3Error {
  constructor(message: string, options?: Http3ErrorOptions) {
    super('UND_ERR_CONNECT_TIMEOUT', message, { safeToRetry: true, ...options });
  }
}

/** No response headers within `headersTimeout`. */
export class HeadersTimeoutError extends Http3Error {
  constructor(timeoutMs: number) {
    super('UND_ERR_HEADERS_TIMEOUT', `No response headers within ${timeoutMs} ms`);
  }
}

/** No body bytes within `bodyTimeout`. */
export class BodyTimeoutError extends Http3Error {
  constructor(timeoutMs: number) {
    super('UND_ERR_BODY_TIMEOUT', `No response body bytes within ${timeoutMs} ms`);
  }
}

/** The response's header section is larger than `maxHeaderSize`. */
export class HeadersOverflowError extends Http3Error {
  constructor(size: number, limit: number) {
    super('UND_ERR_HEADERS_OVERFLOW', `Response header section of ${size} bytes exceeds the limit of ${limit}`);
  }
}

/** The request was aborted by its user. */
export class RequestAbortedError extends Http3Error {
  constructor(message = 'Request aborted', options?: Http3ErrorOptions) {
    super('UND_ERR_ABORTED', message, options);
    this.name = 'AbortError';
  }
}

/** The session was closed before the request could be sent. */
export class ClientClosedError extends Http3Error {
  constructor(message = 'The session is closed') {
    super('UND_ERR_CLOSED', message, { safeToRetry: true });
  }
}

/** The session was destroyed. */
export class ClientDestroyedError extends Http3Error {
  constructor(message = 'The session is destroyed', options?: Http3ErrorOptions) {
    super('UND_ERR_DESTROYED', message, options);
  }
}

/** The response body is larger than `maxResponseSize`. */
export class ResponseExceededMaxSizeError extends Http3Error {
  constructor(limit: number) {
    super('UND_ERR_RES_EXCEEDED_MAX_SIZE', `The response body exceeds the limit of ${limit} bytes`);
  }
}

/** Something that HTTP has and this package, or HTTP/3, does not. */
export class NotSupportedError extends Http3Error {
  constructor(message: string, options?: Http3ErrorOptions) {
    super('UND_ERR_NOT_SUPPORTED', message, options);
  }
}

/** Not a failure: says what became of something that ended early. */
export class InformationalError extends Http3Error {
  constructor(message: string, options?: Http3ErrorOptions) {
    super('UND_ERR_INFO', message, options);
  }
}

/** The agent has as many origins as `maxOrigins` allows. */
export class MaxOriginsReachedError extends Http3Error {
  constructor(limit: number) {
    super('UND_ERR_MAX_ORIGINS_REACHED', `More than ${limit} origins are in use`, { safeToRetry: true });
  }
}

/** More requests are waiting for a connection or a stream than `maxQueuedRequests` allows. */
export class QueueFullError extends Http3Error {
  constructor(limit: number) {
    super('ERR_HTTP3_QUEUE_FULL', `More than ${limit} requests are waiting`, { safeToRetry: true });
  }
}

/** The bytes of the request body and its content-length differ. */
export class RequestContentLengthMismatchError extends Http3Error {
  constructor(message: string) {
    super('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', message);
  }
}

/** The request's own body failed; the failure is the `cause`. */
export class RequestBodyError extends Http3Error {
  constructor(cause: unknown) {
    super('ERR_HTTP3_REQUEST_BODY', `The request body failed: ${errorMessage(cause)}`, { cause });
  }
}

/** The native layer refused a call for this request: a defect of this package; the refusal is the `cause`. */
export class RequestFailedError extends Http3Error {
  constructor(cause: unknown) {
    super('ERR_HTTP3_REQUEST', `The request could not be carried out: ${errorMessage(cause)}`, { cause });
  }
}

/** The peer's message is malformed (RFC 9114 4.1.2). */
export class MessageError extends Http3Error {
  constructor(message: string, what: 'request' | 'response' = 'response') {
    super('ERR_HTTP3_MESSAGE', `Malformed ${what}: ${message}`, {
      errorCode: H3_ERROR.H3_MESSAGE_ERROR,
      errorName: 'H3_MESSAGE_ERROR',
    });
  }
}

/** A server's response is used in a way that its state, or HTTP, does not allow; `code` says which (docs/errors.md). */
export class ResponseError extends Http3Error {}

/** The bytes of a response body and its content-length differ. */
export class ResponseContentLengthMismatchError extends Http3Error {
  constructor(message: string) {
    super('UND_ERR_RES_CONTENT_LENGTH_MISMATCH', message, {
      errorCode: H3_ERROR.H3_INTERNAL_ERROR,
      errorName: 'H3_INTERNAL_ERROR',
    });
  }
}

/** A WebTransport session failed; `code` says how (docs/errors.md). */
export class WebTransportSessionError extends Http3Error {}

/** Not possible in the server's present state, such as listening twice; `code` says which (docs/errors.md). */
export class ServerStateError extends Http3Error {}

/** A stream was reset: by the peer, or by neqo because the peer broke the protocol on it. */
export class StreamResetError extends Http3Error {
  /** True if this side reset it. */
  readonly local: boolean;

  constructor(errorCode: number, local: boolean, options?: Http3ErrorOptions, peer: 'server' | 'client' = 'server') {
    const errorName = h3ErrorName(errorCode);
    const rejected = errorCode === H3_ERROR.H3_REQUEST_REJECTED;
    super('ERR_HTTP3_STREAM_RESET', `Stream reset by ${local ? 'this side' : `the ${peer}`} with ${errorName}`, {
      errorCode,
      errorName,
      safeToRetry: rejected,
      ...options,
    });
    this.local = local;
  }
}

/** The two ends of a connection, as undici's SocketError has them. */
export interface SocketInfo {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** A request failed because its connection was lost or closed; why is the `cause`. */
export class SocketError extends Http3Error {
  /** Undefined where the connection is not known. */
  readonly socket: SocketInfo | undefined;

  constructor(message: string, options?: Http3ErrorOptions & { readonly socket?: SocketInfo | undefined }) {
    super('UND_ERR_SOCKET', message, options);
    this.socket = options?.socket;
  }
}

/** The connection failed or was closed; `code` says how (docs/errors.md). */
export class ConnectionError extends Http3Error {}

/** The server's certificate was refused. `code` is the one Node's tls gives where it has one. */
export class CertificateError extends Http3Error {
  /** mozilla::pkix's own name of the result. */
  readonly reason: string;
  readonly host: string;

  constructor(code: string, message: string, reason: string, host: string) {
    super(code, message, { safeToRetry: true });
    this.reason = reason;
    this.host = host;
  }
}

/** neqo was touched while none of recvData, sendData and onQuicTimeoutExpired was on the stack: a defect of this package. */
export class NeqoReentryError extends Http3Error {
  constructor(message: string) {
    super('ERR_NEQO_REENTRY', message);
  }
}

/** A native call failed in a way that only a defect of this package explains. */
export class NativeError extends Http3Error {
  constructor(message: string) {
    super('ERR_NEQO_INTERNAL', message);
  }
}

/** undici's codes of the classes that undici has too; `UND_ERR` and `UND_ERR_ABORT` are those of its base classes. */
const UNDICI_CLASSES: readonly (readonly [errorClass: { readonly prototype: Http3Error }, code: string])[] = [
  [Http3Error, 'UND_ERR'],
  [InvalidArgumentError, 'UND_ERR_INVALID_ARG'],
  [ConnectTimeoutError, 'UND_ERR_CONNECT_TIMEOUT'],
  [HeadersTimeoutError, 'UND_ERR_HEADERS_TIMEOUT'],
  [BodyTimeoutError, 'UND_ERR_BODY_TIMEOUT'],
  [HeadersOverflowError, 'UND_ERR_HEADERS_OVERFLOW'],
  [RequestAbortedError, 'UND_ERR_ABORT'],
  [RequestAbortedError, 'UND_ERR_ABORTED'],
  [ClientClosedError, 'UND_ERR_CLOSED'],
  [ClientDestroyedError, 'UND_ERR_DESTROYED'],
  [ResponseExceededMaxSizeError, 'UND_ERR_RES_EXCEEDED_MAX_SIZE'],
  [NotSupportedError, 'UND_ERR_NOT_SUPPORTED'],
  [InformationalError, 'UND_ERR_INFO'],
  [MaxOriginsReachedError, 'UND_ERR_MAX_ORIGINS_REACHED'],
  [RequestContentLengthMismatchError, 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'],
  [ResponseContentLengthMismatchError, 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'],
  [SocketError, 'UND_ERR_SOCKET'],
];

// undici's classes ask for these symbols in `instanceof`, so that errors of another copy of undici are theirs as well.
for (const [errorClass, code] of UNDICI_CLASSES) {
  Object.defineProperty(errorClass.prototype, Symbol.for(`undici.error.${code}`), { value: true });
}

/** The message of anything that can be thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything that can be thrown, as an Error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * Hands an exception of user code to the process as an uncaught one, as if it had been thrown from an event of its own:
 * it must neither be lost nor end the loops it was thrown through.
 */
export function reportUncaught(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
