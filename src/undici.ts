/** The dispatchers for undici: `necko-http3/undici`. */
export type {
  ConnectorOptions,
  Http3AgentOptions,
  Http3ClientOptions,
  ProtocolChoice,
} from './client/dispatcher/agent-options.js';
export type { AlternativeHint } from './client/dispatcher/alternative-services.js';
export type { ResponseConnectionInfo } from './client/dispatcher/connection-info.js';
export type { Http3DispatchOptions, Http3RequestExtras } from './client/dispatcher/dispatch-request.js';
export { Http3Agent } from './client/dispatcher/http3-agent.js';
export { Http3Client } from './client/dispatcher/http3-client.js';
export type { OriginStats } from './client/dispatcher/origin-stats.js';
export type { AnyDispatcher, Http3DispatcherEvents, TypedDispatcher } from './client/dispatcher/typed-dispatcher.js';
export { type Installation, install } from './client/fetch/install.js';
export type { AgentStore, MaybePromise } from './client/store/agent-store.js';
export { MemoryAgentStore, type MemoryAgentStoreOptions } from './client/store/memory-agent-store.js';
export {
  type IoRedisClient,
  type NodeRedisClient,
  RedisAgentStore,
  type RedisAgentStoreOptions,
} from './client/store/redis-agent-store.js';
export {
  SqliteAgentStore,
  type SqliteAgentStoreEvents,
  type SqliteAgentStoreOptions,
} from './client/store/sqlite-agent-store.js';
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
  InformationalError,
  InvalidArgumentError,
  MaxOriginsReachedError,
  MessageError,
  NotSupportedError,
  QUIC_ERROR,
  QueueFullError,
  RequestAbortedError,
  RequestBodyError,
  RequestContentLengthMismatchError,
  ResponseExceededMaxSizeError,
  SocketError,
  StreamResetError,
} from './errors.js';
export { type HttpsRecord, type HttpsRecordResolver, parseHttpsRecordData } from './http/https-record.js';
