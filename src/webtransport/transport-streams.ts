import type { Http3WebTransportStream } from '../stream/webtransport/http3-webtransport-stream.js';
import type { ReceiveHalf } from '../stream/webtransport/receive-half.js';
import type { SendHalf } from '../stream/webtransport/send-half.js';
import { WebTransportBidirectionalStream } from './bidirectional-stream.js';
import { IncomingStreams } from './incoming-streams.js';
import { WebTransportReceiveStream } from './receive-stream.js';
import { ReceiveStreamSource } from './receive-stream-source.js';
import { DEFAULT_PRIORITY, type SendPriority } from './send-options.js';
import { WebTransportSendStream } from './send-stream.js';
import { SendStreamSink } from './send-stream-sink.js';
import type { TransportMember } from './transport-members.js';
import { INTERNAL } from './webidl.js';

/** The streams of a transport: makes their objects, holds those that are open, and ends them with the session. */
export class TransportStreams {
  readonly incomingBidirectional = new IncomingStreams((stream) => this.bidirectional(stream, DEFAULT_PRIORITY));
  readonly incomingUnidirectional = new IncomingStreams((stream) => this.#receiving(stream));
  readonly #transport: object;
  readonly #sends = new Set<TransportMember>();
  readonly #receives = new Set<TransportMember>();

  /** @param transport tells whose streams and send groups they are */
  constructor(transport: object) {
    this.#transport = transport;
  }

  arrived(stream: Http3WebTransportStream): void {
    (stream.bidirectional ? this.incomingBidirectional : this.incomingUnidirectional).arrived(stream);
  }

  bidirectional(stream: Http3WebTransportStream, priority: SendPriority): WebTransportBidirectionalStream {
    return new WebTransportBidirectionalStream(INTERNAL, this.#receiving(stream), this.sending(stream, priority));
  }

  sending(stream: Http3WebTransportStream, priority: SendPriority): WebTransportSendStream {
    const sink = new SendStreamSink(stream.sending as SendHalf, this.#sends, this.#transport, priority);
    return new WebTransportSendStream(INTERNAL, sink);
  }

  /** Every open stream ends with the session's error. */
  end(error: unknown): void {
    const sends = [...this.#sends];
    const receives = [...this.#receives];
    for (const send of sends) send.sessionEnded(error);
    for (const receive of receives) receive.sessionEnded(error);
  }

  close(): void {
    this.incomingBidirectional.close();
    this.incomingUnidirectional.close();
  }

  fail(error: unknown): void {
    this.incomingBidirectional.fail(error);
    this.incomingUnidirectional.fail(error);
  }

  #receiving(stream: Http3WebTransportStream): WebTransportReceiveStream {
    const source = new ReceiveStreamSource(stream.receiving as ReceiveHalf, this.#receives);
    return new WebTransportReceiveStream(INTERNAL, source);
  }
}
