import type { NativeRecvStreamStats, NativeSendStreamStats, NativeStats } from '../../native.js';
import type { CarrierWork, WebTransportCarrier } from '../../stream/webtransport/webtransport-carrier.js';
import type { StreamSession } from '../stream-session.js';

/** A server's connection as WebTransport sessions use it. */
export interface CarrierConnection extends StreamSession {
  stats(): NativeStats | undefined;
  /** Closes it with an HTTP/3 error code, because the peer broke a rule. */
  fail(errorCode: number, message: string): void;
}

/** Hands the calls of WebTransport sessions to the server's engine, for one connection. */
export class ServerCarrier implements WebTransportCarrier {
  readonly #connection: CarrierConnection;

  constructor(connection: CarrierConnection) {
    this.#connection = connection;
  }

  get fin(): boolean {
    return this.#connection.fin;
  }

  queue(work: CarrierWork): void {
    const connection = this.#connection;
    // By then the connection may be over, and its handle another's.
    connection.queue({ runInTurn: () => connection.destroyed || work.runInTurn(), leadsToMore: true });
  }

  openStream(sessionId: number, bidirectional: boolean): number {
    const { engine, handle } = this.#connection;
    return this.#check(engine.openStream(handle, sessionId, bidirectional), 'openStream');
  }

  sendData(streamId: number, data: Uint8Array, offset: number, length: number, fin: boolean): number {
    const { engine, handle } = this.#connection;
    return this.#check(engine.sendData(handle, streamId, data, offset, length, fin), 'sendData');
  }

  sendDataAtomic(streamId: number, data: Uint8Array): number {
    const { engine, handle } = this.#connection;
    return this.#check(engine.sendWhole(handle, streamId, data), 'sendWhole');
  }

  endStream(streamId: number): void {
    const { engine, handle } = this.#connection;
    this.#check(engine.endStream(handle, streamId), 'endStream');
  }

  readData(streamId: number, into: Uint8Array, offset: number, length: number): number {
    const { engine, handle } = this.#connection;
    return this.#check(engine.readData(handle, streamId, into, offset, length), 'readData');
  }

  resetStream(streamId: number, code: number, committed = 0): void {
    const { engine, handle } = this.#connection;
    this.#check(engine.resetStreamKeeping(handle, streamId, code, committed), 'resetStreamKeeping');
  }

  stopSending(streamId: number, code: number): void {
    const { engine, handle } = this.#connection;
    this.#check(engine.stopSending(handle, streamId, code), 'stopSending');
  }

  setSendOrder(streamId: number, group: number, order: number): void {
    const { engine, handle } = this.#connection;
    this.#check(engine.setSendOrder(handle, streamId, group, order), 'setSendOrder');
  }

  sendDatagram(sessionId: number, data: Uint8Array): number {
    const { engine, handle } = this.#connection;
    return this.#check(engine.sendDatagram(handle, sessionId, data), 'sendDatagram');
  }

  maxDatagramSize(sessionId: number): number {
    const { engine, handle } = this.#connection;
    return this.#check(engine.maxDatagramSize(handle, sessionId), 'maxDatagramSize');
  }

  sendStreamStats(streamId: number): NativeSendStreamStats | undefined {
    const { engine, handle } = this.#connection;
    return engine.sendStreamStats(handle, streamId);
  }

  recvStreamStats(streamId: number): NativeRecvStreamStats | undefined {
    const { engine, handle } = this.#connection;
    return engine.recvStreamStats(handle, streamId);
  }

  connectionStats(): NativeStats | undefined {
    return this.#connection.stats();
  }

  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array | undefined {
    const { engine, handle } = this.#connection;
    return engine.exportKeyingMaterial(handle, label, context, length);
  }

  closeConnection(code: number, message: string): void {
    this.#connection.fail(code, message);
  }

  /** @throws NativeError if the engine is of no more use */
  #check(result: number, call: string): number {
    return this.#connection.check(result, call);
  }
}
