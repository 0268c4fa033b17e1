export type { RequestListener } from './compat/request-listener.js';
export { Http3ServerRequest } from './compat/server-request.js';
export { Http3ServerResponse } from './compat/server-response.js';
export type { ConnectionIdOptions } from './connection-id-options.js';
export { createSecureServer } from './create-secure-server.js';
export type { CredentialOptions, KeyInput } from './credentials.js';
export { Http3SecureServer, type ServerStats } from './http3-secure-server.js';
export type { ListenOptions } from './listen-options.js';
export type { SharedPortOptions } from './port-sharing-options.js';
export type { RetryMode, ServerOptions, SniCallback } from './server-options.js';
export { Http3ServerSession } from './server-session.js';
export { Http3ServerStream } from './server-stream.js';
export type {
  Connection,
  ConnectionEnd,
  ConnectionTls,
  ServerFileResponseOptions,
  ServerHttp3Session,
  ServerHttp3Stream,
  ServerResponseOptions,
  StreamListener,
} from './server-types.js';
export type { VirtualFdMode, VirtualFdOptions } from './virtual-fd-options.js';
export type { OriginCheck, ServerWebTransportOptions } from './webtransport/webtransport-options.js';
export { type WebTransportAcceptOptions, WebTransportRequest } from './webtransport/webtransport-request.js';
export { WebTransportServerSession } from './webtransport/webtransport-server-session.js';
export type { ServerWebTransportStats } from './webtransport/webtransport-service.js';
export type { WorkerOptions, WorkerPolicy } from './workers/worker-options.js';
export type { WorkerPoolStats } from './workers/worker-pool.js';
