export { ClientHttp3Session, type ClientHttp3SessionEvents } from './client/client-session.js';
export {
  ClientHttp3Stream,
  type ClientHttp3StreamEvents,
  type RequestTimings,
  type ResponseFlags,
} from './client/client-stream.js';
export { connect } from './client/connect.js';
export {
  type BoundFetch,
  createFetch,
  type FetchInit,
  type FetchInput,
  type FetchResponse,
  fetch,
} from './client/fetch/fetch.js';
export { getConnectionInfo } from './client/fetch/response-info.js';
export {
  FormData,
  Headers,
  Request,
  type RequestInit,
  Response,
  type ResponseInit,
} from './client/fetch/web-classes.js';
export type { ConnectOptions, RequestLimits, RequestOptions } from './client/request-options.js';
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
export * from './undici.js';
