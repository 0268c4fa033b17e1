import { NativeResult, type NativeStats } from '../../../src/native.js';
import type { CarrierWork, WebTransportCarrier } from '../../../src/stream/webtransport/webtransport-carrier.js';
import type { WebTransportMux } from '../../../src/stream/webtransport/webtransport-mux.js';

/** One direction of one stream, from the end that sends to the end that receives. */
interface Flow {
  chunks: Uint8Array[];
  /** Bytes that the receiver has not read. */
  unread: number;
  /** All that were sent. */
  bytes: number;
  fin: boolean;
  finRead: boolean;
  /** Reset or stopped: neither end can use it any more. */
  over: boolean;
}

const newFlow = (): Flow => ({ chunks: [], unread: 0, bytes: 0, fin: false, finRead: false, over: false });

/**
 * A connection without a network: deterministic, in memory. What one end does is an event of the other's next turn. Touching
 * it outside a turn throws, as neqo's guard does.
 */
export class FakeCarrier implements WebTransportCarrier {
  readonly role: 'client' | 'server';
  /** What was asked of the connection, oldest first, such as 'reset 4 390748006'. */
  readonly calls: string[] = [];
  readonly sentDatagrams: Uint8Array[] = [];
  fin = false;
  /** Streams that this end may open, of each direction. */
  streamLimit = { bidirectional: Number.POSITIVE_INFINITY, unidirectional: Number.POSITIVE_INFINITY };
  /** Unread bytes that a stream may have. */
  window = 64 * 1024;
  /** Datagrams that fit into the queue; an unlinked end never gets room back by itself. */
  datagramRoom = Number.POSITIVE_INFINITY;
  maxDatagram = 1200;
  closing = false;
  keys: Uint8Array | undefined = Uint8Array.of(1, 2, 3);
  /** Turns that were run. */
  turns = 0;
  #mux: WebTransportMux | undefined;
  #peer: FakeCarrier | undefined;
  #work: CarrierWork[] = [];
  #events: ((mux: WebTransportMux) => void)[] = [];
  #inTurn = false;
  #opened = { bidirectional: 0, unidirectional: 0 };
  /** What this end sends, and receives. */
  readonly outgoing = new Map<number, Flow>();
  readonly incoming = new Map<number, Flow>();

  constructor(role: 'client' | 'server') {
    this.role = role;
  }

  set mux(mux: WebTransportMux) {
    this.#mux = mux;
  }

  /** Joins two ends. */
  link(peer: FakeCarrier): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  get idle(): boolean {
    return this.#events.length === 0 && this.#work.length === 0;
  }

  /** One turn: the events that are there, then the work that is queued. @returns whether there was any */
  turn(): boolean {
    if (this.idle) return false;
    this.turns += 1;
    this.#inTurn = true;
    const events = this.#events;
    const work = this.#work;
    this.#events = [];
    this.#work = [];
    if (this.#mux !== undefined) for (const event of events) event(this.#mux);
    for (const item of work) item.runInTurn();
    this.#inTurn = false;
    return true;
  }

  /** Turns until there is nothing to do. */
  settle(): void {
    for (let left = 100_000; this.turn(); left--)
      if (left === 0) throw new Error('The connection does not come to rest');
  }

  /** An event of the next turn. */
  event(event: (mux: WebTransportMux) => void): void {
    this.#events.push(event);
  }

  /** Bytes of the peer's on a stream, as if they had arrived. */
  arrive(streamId: number, bytes: Uint8Array | string, fin = false): void {
    const flow = this.incoming.get(streamId) ?? newFlow();
    this.incoming.set(streamId, flow);
    const chunk = Buffer.from(bytes);
    if (chunk.length > 0) flow.chunks.push(chunk);
    flow.unread += chunk.length;
    flow.bytes += chunk.length;
    flow.fin ||= fin;
    this.event((mux) => mux.dataReadable(streamId));
  }

  /** Everything that this end has sent on a stream and nobody has read. */
  sent(streamId: number): string {
    return Buffer.concat(this.outgoing.get(streamId)?.chunks ?? []).toString();
  }

  queue(work: CarrierWork): void {
    if (!this.closing) this.#work.push(work);
  }

  openStream(sessionId: number, bidirectional: boolean): number {
    this.#touch();
    if (this.closing) return NativeResult.UNAVAILABLE;
    const direction = bidirectional ? 'bidirectional' : 'unidirectional';
    if (this.#opened[direction] >= this.streamLimit[direction]) return NativeResult.STREAM_LIMIT;
    const id =
      this.#opened[direction] * 4 + (bidirectional ? 0 : 2) + (this.role === 'client' ? 0 : 1) + STREAM_ID_BASE;
    this.#opened[direction] += 1;
    this.calls.push(`open ${id} ${sessionId}`);
    const out = newFlow();
    this.outgoing.set(id, out);
    this.#peer?.incoming.set(id, out);
    if (bidirectional) {
      const back = newFlow();
      this.incoming.set(id, back);
      this.#peer?.outgoing.set(id, back);
    }
    this.#peer?.event((mux) => mux.streamOpened(id, sessionId));
    return id;
  }

  sendData(streamId: number, data: Uint8Array, offset: number, length: number, fin: boolean): number {
    this.#touch();
    const flow = this.outgoing.get(streamId);
    if (flow === undefined || flow.over || flow.fin) return NativeResult.INVALID_STREAM;
    const taken = Math.min(length, this.window - flow.unread);
    if (taken > 0) {
      flow.chunks.push(data.slice(offset, offset + taken));
      flow.unread += taken;
      flow.bytes += taken;
      this.calls.push(`data ${streamId} ${taken}`);
      this.#peer?.event((mux) => mux.dataReadable(streamId));
    }
    if (fin) this.endStream(streamId);
    return Math.max(0, taken);
  }

  sendDataAtomic(streamId: number, data: Uint8Array): number {
    this.#touch();
    const flow = this.outgoing.get(streamId);
    const fits = flow === undefined || flow.over || flow.fin || data.length <= this.window - flow.unread;
    return fits ? this.sendData(streamId, data, 0, data.length, false) : 0;
  }

  endStream(streamId: number): void {
    this.#touch();
    const flow = this.outgoing.get(streamId);
    if (flow === undefined || flow.over) return;
    this.calls.push(`end ${streamId}`);
    flow.fin = true;
    this.#peer?.event((mux) => {
      mux.dataReadable(streamId);
      // The acknowledgement.
      this.event((own) => own.streamFinished(streamId));
    });
  }

  readData(streamId: number, into: Uint8Array, offset: number, length: number): number {
    this.#touch();
    this.fin = false;
    const flow = this.incoming.get(streamId);
    if (flow === undefined || flow.over || flow.finRead) return NativeResult.INVALID_STREAM;
    const wasFull = flow.unread >= (this.#peer?.window ?? Number.POSITIVE_INFINITY);
    let read = 0;
    while (read < length) {
      const [first] = flow.chunks;
      if (first === undefined) break;
      const part = first.subarray(0, length - read);
      into.set(part, offset + read);
      read += part.length;
      if (part.length === first.length) flow.chunks.shift();
      else flow.chunks[0] = first.subarray(part.length);
    }
    flow.unread -= read;
    this.fin = flow.fin && flow.unread === 0;
    flow.finRead = this.fin;
    if (read > 0 && wasFull) this.#peer?.event((mux) => mux.dataWritable(streamId));
    return read;
  }

  resetStream(streamId: number, code: number, committed = 0): void {
    this.#touch();
    this.calls.push(`reset ${streamId} ${code}${committed === 0 ? '' : ` after ${committed}`}`);
    const flow = this.outgoing.get(streamId);
    if (flow === undefined || flow.over || flow.finRead) return;
    flow.over = true;
    this.#peer?.event((mux) => mux.reset(streamId, code));
  }

  stopSending(streamId: number, code: number): void {
    this.#touch();
    this.calls.push(`stop ${streamId} ${code}`);
    const flow = this.incoming.get(streamId);
    if (flow === undefined || flow.over || flow.finRead) return;
    flow.over = true;
    this.#peer?.event((mux) => mux.stopSending(streamId, code));
  }

  setSendOrder(streamId: number, group: number, order: number): void {
    this.#touch();
    this.calls.push(`order ${streamId} ${group} ${order}`);
  }

  sendDatagram(sessionId: number, data: Uint8Array): number {
    this.#touch();
    if (data.length > this.maxDatagram) return NativeResult.TOO_MUCH_DATA;
    if (this.sentDatagrams.length >= this.datagramRoom) return NativeResult.BLOCKED;
    const copy = Buffer.from(data);
    this.sentDatagrams.push(copy);
    this.#peer?.event((mux) => mux.datagramReceived(sessionId, copy));
    return NativeResult.OK;
  }

  maxDatagramSize(): number {
    this.#touch();
    return this.maxDatagram;
  }

  sendStreamStats(streamId: number): { bytesWritten: number; bytesSent: number; bytesAcked: number } | undefined {
    this.#touch();
    return this.outgoing.has(streamId) ? { bytesWritten: 3, bytesSent: 2, bytesAcked: 1 } : undefined;
  }

  recvStreamStats(streamId: number): { bytesReceived: number; bytesRead: number } | undefined {
    this.#touch();
    const flow = this.incoming.get(streamId);
    return flow && { bytesReceived: flow.bytes, bytesRead: flow.bytes - flow.unread };
  }

  connectionStats(): NativeStats | undefined {
    this.#touch();
    return undefined;
  }

  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array | undefined {
    this.#touch();
    this.calls.push(`export ${label} ${Buffer.from(context).toString('hex')} ${length}`);
    return this.keys;
  }

  closeConnection(code: number): void {
    this.#touch();
    this.calls.push(`close ${code}`);
  }

  #touch(): void {
    if (!this.#inTurn) throw new Error('The connection was touched outside a turn');
  }
}

/** Ids of streams begin above those of CONNECT streams in these tests. */
const STREAM_ID_BASE = 400_000;
