/** The W3C WebTransport API: https://w3c.github.io/webtransport/ */
export { WebTransportBidirectionalStream } from './bidirectional-stream.js';
export { WebTransportDatagramDuplexStream } from './datagram-duplex-stream.js';
export { WebTransportDatagramsWritable } from './datagrams-writable.js';
export type * from './dictionaries.js';
export { WebTransportReceiveStream } from './receive-stream.js';
export { WebTransportSendGroup } from './send-group.js';
export type { WebTransportSendOptions, WebTransportSendStreamOptions } from './send-options.js';
export { WebTransportSendStream } from './send-stream.js';
export { WebTransport } from './web-transport.js';
export { WebTransportError } from './web-transport-error.js';
export { WebTransportWriter } from './web-transport-writer.js';
