import { ConnectionError, type Http3Error, h3ErrorName } from '../errors.js';
import type { NativeRecvStreamStats, NativeSendStreamStats, NativeStats } from '../native.js';
import { Status } from '../native.js';
import type { CarrierWork, WebTransportCarrier } from '../stream/webtransport/webtransport-carrier.js';
import type { NeqoDriver } from './neqo-driver.js';

/** What the carrier needs of the session that it belongs to. */
export interface CarryingSession {
  /** Has {@link ClientWebTransportCarrier.runQueued} called in the next turn of the event loop. */
  requestTurn(): void;
  close(errorCode: number, reason: Http3Error): void;
}

/** Times that work is done, and that what the application makes of it is waited for, before it is sent: open, write, end. */
export const MAX_ROUNDS = 4;

/**
 * A client connection as WebTransport sessions see it.
 *
 * Their work waits for the next turn of the event loop, not for the microtasks of this one: a writer that goes on as soon as
 * its bytes are taken would otherwise keep the loop from ever reading the acknowledgements.
 */
export class ClientWebTransportCarrier implements WebTransportCarrier {
  readonly #driver: NeqoDriver;
  readonly #session: CarryingSession;
  #queued: CarrierWork[] = [];
  /** Times that work was done since something was last sent. */
  #rounds = 0;
  #running = false;
  #over = false;
  #lastStats: NativeStats | undefined;

  constructor(driver: NeqoDriver, session: CarryingSession) {
    this.#driver = driver;
    this.#session = session;
  }

  queue(work: CarrierWork): void {
    if (this.#over) return;
    this.#queued.push(work);
    if (!this.#running) this.#session.requestTurn();
  }

  /**
   * Does what was queued.
   *
   * @returns whether the application should act on that before anything is sent: a stream that was opened, its first bytes and
   *   its end leave in one packet
   */
  runQueued(): boolean {
    if (this.#queued.length === 0) {
      this.#rounds = 0;
      return false;
    }
    const queued = this.#queued;
    this.#queued = [];
    this.#running = true;
    try {
      for (const work of queued) work.runInTurn();
    } finally {
      this.#running = false;
    }
    this.#rounds = (this.#rounds + 1) % MAX_ROUNDS;
    if (this.#rounds !== 0) return true;
    if (this.#queued.length > 0) this.#session.requestTurn();
    return false;
  }

  /** The connection is over: what waits is dropped, and only its last statistics can still be had. */
  end(): void {
    if (this.#driver.entered) this.#lastStats = this.#driver.conn.stats();
    this.#over = true;
    this.#queued = [];
  }

  openStream(sessionId: number, bidirectional: boolean): number {
    return this.#driver.check(this.#driver.conn.openStream(sessionId, bidirectional), 'openStream');
  }

  sendData(streamId: number, data: Uint8Array, offset: number, length: number, fin: boolean): number {
    const { conn } = this.#driver;
    const sent =
      length === 0 ? 0 : this.#driver.check(conn.sendRequestBody(streamId, data, offset, length), 'sendRequestBody');
    if (fin && sent === length) this.endStream(streamId);
    return sent;
  }

  sendDataAtomic(streamId: number, data: Uint8Array): number {
    return this.#driver.check(this.#driver.conn.sendWhole(streamId, data), 'sendWhole');
  }

  endStream(streamId: number): void {
    this.#driver.check(this.#driver.conn.closeStream(streamId), 'closeStream');
  }

  readData(streamId: number, into: Uint8Array, offset: number, length: number): number {
    return this.#driver.check(this.#driver.conn.readResponseData(streamId, into, offset, length), 'readResponseData');
  }

  get fin(): boolean {
    return this.#driver.status[Status.FIN] === 1;
  }

  resetStream(streamId: number, code: number, committed = 0): void {
    this.#driver.check(this.#driver.conn.resetStreamKeeping(streamId, code, committed), 'resetStreamKeeping');
  }

  stopSending(streamId: number, code: number): void {
    this.#driver.check(this.#driver.conn.streamStopSending(streamId, code), 'streamStopSending');
  }

  setSendOrder(streamId: number, group: number, order: number): void {
    this.#driver.check(this.#driver.conn.setSendOrder(streamId, group, order), 'setSendOrder');
  }

  sendDatagram(sessionId: number, data: Uint8Array): number {
    return this.#driver.check(this.#driver.conn.sendDatagram(sessionId, data), 'sendDatagram');
  }

  maxDatagramSize(sessionId: number): number {
    return this.#driver.check(this.#driver.conn.maxDatagramSize(sessionId), 'maxDatagramSize');
  }

  sendStreamStats(streamId: number): NativeSendStreamStats | undefined {
    return this.#driver.conn.sendStreamStats(streamId);
  }

  recvStreamStats(streamId: number): NativeRecvStreamStats | undefined {
    return this.#driver.conn.recvStreamStats(streamId);
  }

  connectionStats(): NativeStats | undefined {
    return this.#over ? this.#lastStats : this.#driver.conn.stats();
  }

  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array | undefined {
    return this.#driver.conn.exportKeyingMaterial(label, context, length);
  }

  closeConnection(code: number, message: string): void {
    const errorName = h3ErrorName(code);
    const reason = new ConnectionError(
      'ERR_HTTP3_CONNECTION',
      `The server broke the protocol: ${errorName} (${message})`,
      {
        errorCode: code,
        errorName,
      },
    );
    this.#session.close(code, reason);
  }
}
