/** WebTransport over HTTP/3, the W3C API: `necko-http3/webtransport`. */
import { ClientConnector } from './webtransport/client/client-connector.js';
import { installConnector } from './webtransport/connector.js';

installConnector(new ClientConnector());

export {
  CertificateError,
  ConnectionError,
  ConnectTimeoutError,
  H3_ERROR,
  Http3Error,
  InvalidArgumentError,
  MessageError,
  QUIC_ERROR,
  SocketError,
  StreamResetError,
  WEBTRANSPORT_ERROR,
  WebTransportSessionError,
} from './errors.js';
export type { ConnectionOptions } from './http/connection-options.js';
export type { QuicOptions } from './session/session-params.js';
export * from './webtransport/index.js';
