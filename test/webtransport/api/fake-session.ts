import type { NativeStats } from '../../../src/native.js';
import type { Http3WebTransportSession } from '../../../src/stream/webtransport/http3-webtransport-session.js';
import type { Http3WebTransportStream } from '../../../src/stream/webtransport/http3-webtransport-stream.js';
import type { ReadDone } from '../../../src/stream/webtransport/receive-half.js';
import type { SendDone } from '../../../src/stream/webtransport/send-half.js';
import type { HalfError, SessionEnd } from '../../../src/stream/webtransport/session-end.js';
import type { DatagramSource, WebTransportSessionListener } from '../../../src/stream/webtransport/session-listener.js';
import type { OpenStreamOptions } from '../../../src/stream/webtransport/session-types.js';

/** A send half whose peer is the test: it says when bytes are taken, acknowledged or refused. */
export class FakeSendHalf {
  onStopped: ((error: HalfError) => void) | undefined;
  over = false;
  readonly written: Buffer[] = [];
  readonly chunks: Uint8Array[] = [];
  readonly priorities: [group: number, order: number][] = [];
  ended = false;
  resetCode: number | undefined;
  committed: number | undefined;
  /** Bytes that an atomic write may have. */
  credit = Number.POSITIVE_INFINITY;
  /** Takes every write at once. */
  open = true;
  #error: HalfError | undefined;
  #write: { chunk: Uint8Array; done: SendDone } | undefined;
  #end: SendDone | undefined;

  get writing(): boolean {
    return this.#write !== undefined;
  }

  write(chunk: Uint8Array, done: SendDone, atomic = false): void {
    if (this.over) {
      done(this.#error);
    } else if (atomic && chunk.byteLength > this.credit) {
      queueMicrotask(() => done({ kind: 'blocked' } as unknown as HalfError));
    } else {
      this.#write = { chunk, done };
      if (this.open) queueMicrotask(() => this.take());
    }
  }

  /** The write that is under way is taken. */
  take(): void {
    const write = this.#write;
    this.#write = undefined;
    if (write === undefined) return;
    this.chunks.push(write.chunk);
    this.written.push(Buffer.from(write.chunk));
    write.done();
  }

  end(done: SendDone): void {
    if (this.over) {
      done(this.#error);
      return;
    }
    this.ended = true;
    this.#end = done;
  }

  acknowledge(): void {
    this.over = true;
    const end = this.#end;
    this.#end = undefined;
    end?.();
  }

  stop(code: number | undefined): void {
    this.#finish({ kind: 'stopped', code });
    this.onStopped?.({ kind: 'stopped', code });
  }

  sessionEnded(end: SessionEnd): void {
    if (this.over) return;
    this.#finish({ kind: 'session', end });
    this.onStopped?.({ kind: 'session', end });
  }

  reset(code: number, committed = 0): void {
    if (this.over) return;
    this.resetCode = code;
    this.committed = committed;
    this.#finish({ kind: 'reset', code });
  }

  setPriority(group: number, order: number): void {
    this.priorities.push([group, order]);
  }

  async stats(): Promise<{ bytesWritten: number; bytesSent: number; bytesAcknowledged: number } | undefined> {
    const bytes = Buffer.concat(this.written).byteLength;
    if (this.resetCode !== undefined) return undefined;
    return { bytesWritten: bytes, bytesSent: bytes, bytesAcknowledged: this.over ? bytes : 0 };
  }

  #finish(error: HalfError): void {
    this.over = true;
    this.#error = error;
    const [write, end] = [this.#write, this.#end];
    this.#write = undefined;
    this.#end = undefined;
    write?.done(error);
    end?.(error);
  }
}

/** A receive half that the test fills. */
export class FakeReceiveHalf {
  onReset: ((error: HalfError) => void) | undefined;
  over = false;
  stopCode: number | undefined;
  reads = 0;
  #bytes = Buffer.alloc(0);
  #fin = false;
  #error: HalfError | undefined;
  #read: { into: Uint8Array; done: ReadDone } | undefined;

  get unread(): number {
    return this.#bytes.byteLength;
  }

  get reading(): boolean {
    return this.#read !== undefined;
  }

  read(into: Uint8Array, done: ReadDone): void {
    this.reads++;
    if (this.over) {
      done(0, this.#error === undefined, this.#error);
      return;
    }
    this.#read = { into, done };
    queueMicrotask(() => this.#move());
  }

  arrive(bytes: Uint8Array | string, fin = false): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(bytes)]);
    this.#fin ||= fin;
    this.#move();
  }

  reset(code: number | undefined): void {
    this.#fail({ kind: 'reset', code });
  }

  sessionEnded(end: SessionEnd): void {
    if (!this.over) this.#fail({ kind: 'session', end });
  }

  stop(code: number): void {
    if (this.over) return;
    this.stopCode = code;
    this.#finish({ kind: 'stopped', code });
  }

  async stats(): Promise<{ bytesReceived: number; bytesRead: number } | undefined> {
    return { bytesReceived: 7, bytesRead: 3 };
  }

  #move(): void {
    const read = this.#read;
    if (read === undefined || (this.#bytes.byteLength === 0 && !this.#fin)) return;
    this.#read = undefined;
    const { into } = read;
    const count = Math.min(into.byteLength, this.#bytes.byteLength);
    into.set(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.subarray(count);
    const fin = this.#fin && this.#bytes.byteLength === 0;
    if (fin) this.over = true;
    read.done(count, fin);
  }

  #fail(error: HalfError): void {
    this.#finish(error);
    this.onReset?.(error);
  }

  #finish(error: HalfError): void {
    this.over = true;
    this.#error = error;
    const read = this.#read;
    this.#read = undefined;
    read?.done(0, false, error);
  }
}

export class FakeStream {
  readonly bidirectional: boolean;
  readonly sending: FakeSendHalf | undefined;
  readonly receiving: FakeReceiveHalf | undefined;

  constructor(bidirectional: boolean, local: boolean) {
    this.bidirectional = bidirectional;
    this.sending = bidirectional || local ? new FakeSendHalf() : undefined;
    this.receiving = bidirectional || !local ? new FakeReceiveHalf() : undefined;
  }

  get send(): FakeSendHalf {
    if (this.sending === undefined) throw new Error('a stream that only receives');
    return this.sending;
  }

  get receive(): FakeReceiveHalf {
    if (this.receiving === undefined) throw new Error('a stream that only sends');
    return this.receiving;
  }

  get asReal(): Http3WebTransportStream {
    return this as unknown as Http3WebTransportStream;
  }
}

interface OpenRequest {
  readonly bidirectional: boolean;
  readonly options: OpenStreamOptions;
  readonly opened: (result: Http3WebTransportStream | 'limit' | 'closed') => void;
  givenUp: boolean;
}

const CONNECTION_STATS: Partial<NativeStats> = {
  packetsSent: 10,
  packetsReceived: 9,
  packetsLost: 1,
  bytesReceived: 1000,
  rttMs: 3,
  rttVarMs: 1,
  datagramsDroppedIncoming: 0,
  datagramsLost: 2,
  packetBytesLost: 1200,
  minRttMs: 2,
  sendRate: 1000,
};

/** A session whose peer, and whose turns, are the test. */
export class FakeSession {
  listener: WebTransportSessionListener | undefined;
  source: DatagramSource | undefined;
  maxDatagramSize = 1200;
  readonly streams: FakeStream[] = [];
  readonly requests: OpenRequest[] = [];
  readonly closes: [code: number, reason: string][] = [];
  readonly sentDatagrams: Buffer[] = [];
  /** Streams are opened as they are asked for. */
  answersOpens = true;
  drains = 0;
  pendings = 0;
  exported: [label: Uint8Array, context: Uint8Array, length: number][] = [];
  #groups = 0;

  get asReal(): Http3WebTransportSession {
    return this as unknown as Http3WebTransportSession;
  }

  setListener(listener: WebTransportSessionListener): void {
    this.listener = listener;
  }

  openStream(bidirectional: boolean, options: OpenStreamOptions, opened: OpenRequest['opened']): () => void {
    const request: OpenRequest = { bidirectional, options, opened, givenUp: false };
    this.requests.push(request);
    if (this.answersOpens) queueMicrotask(() => this.answer());
    return () => {
      request.givenUp = true;
    };
  }

  /** Answers the oldest request for a stream. */
  answer(result?: 'limit' | 'closed'): FakeStream | undefined {
    const request = this.requests.shift();
    if (request === undefined || request.givenUp) return undefined;
    if (result !== undefined) {
      request.opened(result);
      return undefined;
    }
    const stream = new FakeStream(request.bidirectional, true);
    this.streams.push(stream);
    request.opened(stream.asReal);
    return stream;
  }

  /** The peer opens a stream. */
  incoming(bidirectional: boolean): FakeStream {
    const stream = new FakeStream(bidirectional, false);
    this.streams.push(stream);
    this.listener?.onIncomingStream(stream.asReal);
    return stream;
  }

  createSendGroup(): number {
    return ++this.#groups;
  }

  setDatagramSource(source: DatagramSource): void {
    this.source = source;
  }

  datagramsPending(): void {
    this.pendings++;
  }

  /** A turn in which so many datagrams can be sent. */
  sendDatagrams(room = Number.POSITIVE_INFINITY): void {
    for (let sent = 0; sent < room; sent++) {
      const bytes = this.source?.next();
      if (bytes === undefined) return;
      if (bytes.byteLength > this.maxDatagramSize) {
        this.source?.refused();
        continue;
      }
      this.sentDatagrams.push(Buffer.from(bytes));
      this.source?.sent();
    }
  }

  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
  }

  drain(): void {
    this.drains++;
  }

  /** The session ends: streams first, as the real one. */
  end(end: SessionEnd): void {
    for (const stream of this.streams) {
      stream.sending?.sessionEnded(end);
      stream.receiving?.sessionEnded(end);
    }
    this.listener?.onClosed(end);
  }

  async stats(): Promise<unknown> {
    return { connection: CONNECTION_STATS, datagramsDroppedEarly: 0 };
  }

  async exportKeyingMaterial(label: Uint8Array, context: Uint8Array, length: number): Promise<Uint8Array> {
    this.exported.push([label, context, length]);
    return new Uint8Array(length).fill(7);
  }
}
