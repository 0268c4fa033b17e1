import { NativeResult, Status } from '../../../src/native.js';
import type { NeqoHttp3Server } from '../../../src/native-server.js';

/** A record of the event buffer. */
export interface ScriptedEvent {
  readonly kind: number;
  readonly handle: number;
  readonly streamId?: number;
  readonly number?: number;
  readonly flags?: number;
  readonly text?: string;
  readonly fields?: readonly string[];
}

const HEAD_BYTES = 40;

/**
 * An engine without a network: it gives the events that a test scripted, answers calls as the test says, and keeps a log of
 * them.
 */
export class ScriptedEngine {
  /** `respond 0 head|body fin` … */
  readonly calls: string[] = [];
  /** Bytes that calls still take; the rest is blocked. */
  window = Number.POSITIVE_INFINITY;
  /** Body bytes to be read, and whether the end follows them. */
  body: Buffer = Buffer.alloc(0);
  fin = false;
  panics = false;
  readonly #status: Float64Array;
  readonly #buffer: Uint8Array;
  #events: ScriptedEvent[] = [];

  constructor(status: Float64Array, buffer: Uint8Array) {
    this.#status = status;
    this.#buffer = buffer;
  }

  /** As the interface that the driver drives. What the script does not know is not a function. */
  get native(): NeqoHttp3Server {
    return this as unknown as NeqoHttp3Server;
  }

  script(...events: ScriptedEvent[]): void {
    this.#events.push(...events);
  }

  processInput(): number {
    return this.panics ? NativeResult.PANIC : NativeResult.OK;
  }

  processOutput(): number {
    this.#status[Status.TIMEOUT_MS] = -1;
    this.calls.push('output');
    return NativeResult.OK;
  }

  nextEvents(): number {
    const records = this.#events.map(toRecord);
    this.#events = [];
    let length = 0;
    for (const record of records) {
      this.#buffer.set(record, length);
      length += record.length;
    }
    return length;
  }

  eventBuffer(): Uint8Array {
    return this.#buffer;
  }

  respond(
    _: number,
    id: number,
    head: string,
    body: Buffer | undefined,
    at: number,
    length: number,
    fin: boolean,
  ): number {
    const taken = Math.min(length, this.window);
    const text = body?.toString('latin1', at, at + taken) ?? '';
    const end = fin && taken === length ? ' fin' : '';
    this.calls.push(`respond ${id} ${head.replaceAll('\0', ' ').trim()}|${text}${end}`);
    this.window -= taken;
    return taken;
  }

  sendData(_: number, id: number, data: Buffer, at: number, length: number, fin: boolean): number {
    const taken = Math.min(length, this.window);
    const end = fin && taken === length ? ' fin' : '';
    this.calls.push(`send ${id} ${data.toString('latin1', at, at + taken)}${end}`);
    this.window -= taken;
    return taken;
  }

  endStream(_: number, id: number): number {
    this.calls.push(`end ${id}`);
    return NativeResult.OK;
  }

  sendTrailers(_: number, id: number, trailers: string): number {
    this.calls.push(`trailers ${id} ${trailers.replaceAll('\0', ' ').trim()}`);
    return NativeResult.OK;
  }

  readData(_: number, id: number, into: Uint8Array, offset: number, length: number): number {
    const taken = this.body.subarray(0, length);
    into.set(taken, offset);
    this.body = this.body.subarray(taken.length);
    this.#status[Status.FIN] = this.fin && this.body.length === 0 ? 1 : 0;
    this.calls.push(`read ${id} ${taken.length}`);
    return taken.length;
  }

  resetStream(_: number, id: number, error: number): number {
    this.calls.push(`reset ${id} ${error}`);
    return NativeResult.OK;
  }

  stopSending(_: number, id: number, error: number): number {
    this.calls.push(`stop ${id} ${error}`);
    return NativeResult.OK;
  }

  cancelStream(_: number, id: number, error: number): number {
    this.calls.push(`cancel ${id} ${error}`);
    return NativeResult.OK;
  }

  keepAlive(_: number, id: number, keep: boolean): number {
    this.calls.push(`keep alive ${id} ${keep}`);
    return NativeResult.OK;
  }

  maxDatagramSize(): number {
    return 1200;
  }

  goaway(_: number, final: boolean): number {
    this.calls.push(final ? 'goaway final' : 'goaway');
    return NativeResult.OK;
  }

  close(_: number, error: number): number {
    this.calls.push(`close ${error}`);
    return NativeResult.OK;
  }

  closeWhenSent(_: number, error: number): number {
    this.calls.push(`close when sent ${error}`);
    return NativeResult.OK;
  }

  connectionStats(): undefined {
    return undefined;
  }

  refuse(handle: number): number {
    this.calls.push(`refuse ${handle}`);
    return NativeResult.OK;
  }

  release(handle: number): void {
    this.calls.push(`release ${handle}`);
  }

  connectionInfo(): undefined {
    return undefined;
  }

  lastError(): string {
    return 'scripted';
  }

  destroy(): void {
    this.calls.push('destroy');
  }
}

function toRecord({ kind, handle, streamId = 0, number = 0, flags = 0, text = '', fields }: ScriptedEvent): Buffer {
  const payload = fields === undefined ? Buffer.from(text) : section(fields);
  const length = Math.ceil((HEAD_BYTES + payload.length) / 8) * 8;
  const record = Buffer.alloc(length);
  record.writeUInt32LE(kind, 0);
  record.writeUInt32LE(length, 4);
  record.writeDoubleLE(streamId, 8);
  record.writeDoubleLE(number, 16);
  record.writeUInt32LE(flags, 24);
  record.writeUInt32LE(fields === undefined ? payload.length : fields.length / 2, 28);
  record.writeUInt32LE(handle, 32);
  payload.copy(record, HEAD_BYTES);
  return record;
}

function section(fields: readonly string[]): Buffer {
  const lengths = Buffer.alloc(fields.length * 4);
  fields.forEach((text, index) => {
    lengths.writeUInt32LE(text.length, index * 4);
  });
  return Buffer.concat([lengths, Buffer.from(fields.join(''), 'latin1')]);
}
