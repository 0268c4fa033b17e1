import type { Http3WebTransportSession } from '../stream/webtransport/http3-webtransport-session.js';
import { DatagramSettings } from './datagram-settings.js';
import { DatagramsSink, type DatagramTransport } from './datagrams-sink.js';
import { closeDatagramsWritable, WebTransportDatagramsWritable } from './datagrams-writable.js';
import type { WebTransportDatagramsReadableType } from './dictionaries.js';
import { IncomingDatagrams } from './incoming-datagrams.js';
import { type DatagramQueue, type OutgoingDatagram, OutgoingDatagrams } from './outgoing-datagrams.js';
import { DEFAULT_PRIORITY, type SendPriority, toSendOptions } from './send-options.js';
import { INTERNAL } from './webidl.js';

/** Until the path is known: what fits into every QUIC packet, of 1200 bytes at least (RFC 9000 14), with room to spare. */
const INITIAL_MAX_SIZE = 1024;

/** The datagrams of a transport: slots and procedures of WebTransportDatagramDuplexStream. */
export class TransportDatagrams implements DatagramTransport {
  readonly settings = new DatagramSettings();
  readonly incoming: IncomingDatagrams;
  readonly #transport: object;
  readonly #outgoing = new OutgoingDatagrams(this.settings);
  readonly #writables = new Map<DatagramsSink, WebTransportDatagramsWritable>();
  #shared: WebTransportDatagramsWritable | undefined;
  #session: Http3WebTransportSession | undefined;
  #lastMaxSize = INITIAL_MAX_SIZE;
  /** How the session has ended: with an error, or cleanly. */
  #end: { readonly error: unknown } | 'clean' | undefined;

  /** @param transport tells whose send groups may be used */
  constructor(transport: object, readableType: WebTransportDatagramsReadableType) {
    this.#transport = transport;
    this.incoming = new IncomingDatagrams(this.settings, readableType);
  }

  get maxDatagramSize(): number {
    // 0 before the session is open and after it: the last that was known stays.
    const size = this.#session?.maxDatagramSize ?? 0;
    if (size > 0) this.#lastMaxSize = size;
    return this.#lastMaxSize;
  }

  /** Connected: what was written before goes out. */
  attach(session: Http3WebTransportSession): void {
    this.#session = session;
    session.setDatagramSource(this.#outgoing);
    session.datagramsPending();
  }

  /** @throws TypeError, InvalidStateError */
  createWritable(options: unknown): WebTransportDatagramsWritable {
    const priority = toSendOptions(options, this.#transport);
    if (this.#end !== undefined) throw new DOMException('The session is over', 'InvalidStateError');
    return this.#create(priority);
  }

  sharedWritable(): WebTransportDatagramsWritable {
    if (this.#shared === undefined) {
      this.#shared = this.#create(DEFAULT_PRIORITY);
      this.#endAll();
    }
    return this.#shared;
  }

  send(writable: DatagramQueue, datagram: OutgoingDatagram): void {
    if (this.#end !== undefined) {
      datagram.done?.();
      return;
    }
    this.#outgoing.add(writable, datagram);
    this.#session?.datagramsPending();
  }

  forget(sink: DatagramsSink): void {
    this.#writables.delete(sink);
  }

  close(): void {
    this.#end = 'clean';
    this.#outgoing.clear();
    this.#endAll();
    this.incoming.close();
  }

  fail(error: unknown): void {
    this.#end = { error };
    this.#outgoing.clear();
    this.#endAll();
    this.incoming.fail(error);
  }

  #create(priority: SendPriority): WebTransportDatagramsWritable {
    const sink = new DatagramsSink(this, priority);
    const writable = new WebTransportDatagramsWritable(INTERNAL, sink, this.#transport);
    this.#writables.set(sink, writable);
    return writable;
  }

  #endAll(): void {
    const end = this.#end;
    if (end === undefined) return;
    const writables = [...this.#writables];
    this.#writables.clear();
    for (const [sink, writable] of writables) {
      if (end === 'clean') closeDatagramsWritable(writable);
      else sink.fail(end.error);
    }
  }
}
