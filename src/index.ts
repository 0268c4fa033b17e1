export { ClientHttp3Session, type ClientHttp3SessionEvents } from './client/client-session.js';
export {
  ClientHttp3Stream,
  type ClientHttp3StreamEvents,
  type RequestTimings,
  type ResponseFlags,
} from './client/client-stream.js';
export { connect } from './client/connect.js';
export type { ConnectOptions, RequestLimits, RequestOptions } from './client/request-options.js';
export {
  BodyTimeoutError,
  CertificateError,
  ClientClosedError,
  ClientDestroyedError,
  ConnectionError,
  ConnectTimeoutError,
  H3_ERROR,
  HeadersOverflowError,
  HeadersTimeoutError,
  Http3Error,
  InvalidArgumentError,
  MessageError,
  QUIC_ERROR,
  QueueFullError,
  RequestAbortedError,
  RequestBodyError,
  RequestContentLengthMismatchError,
  SocketError,
  StreamResetError,
} from './errors.js';
export type { ConnectionOptions, LookupFunction } from './http/connection-options.js';
export type { ConnectTimings } from './http/connection-race.js';
export type { IncomingHeaders } from './http/incoming-headers.js';
export type { BodyInit } from './http/request-body.js';
export type { OutgoingHeaders } from './http/request-head.js';
export type { NativeTlsInfo as TlsInfo } from './native.js';
export type { QuicOptions } from './session/session-params.js';
export type { ConnectionInfo, SessionStats } from './session/session-types.js';
export { MemoryTokenStore, type StoredToken, type TokenStore } from './session/token-store.js';
export type { CertificateInput } from './session/trust-anchors.js';
export type { Priority } from './stream/transaction.js';
