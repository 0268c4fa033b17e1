/**
 * Reads the records that native code packs into the event buffer.
 *
 * A record is 8-byte aligned and little-endian, with a head of 32 bytes: u32 kind, u32 length of the whole record (a multiple
 * of 8), f64 stream id, f64 number, u32 flags, u32 count; then the payload. A payload of bytes has `count` bytes. A header
 * section has `count` pairs of u32 lengths (name, value), then all names and values in order. Records of a server have more
 * in their heads (`server-events.ts`).
 */
const CLIENT_HEAD_BYTES = 32;
const FLAGS_OFFSET = 24;
const COUNT_OFFSET = 28;

/** Flags of HEADER_READY and PUSH_HEADER_READY. */
export const HeaderFlag = { INTERIM: 1, FIN: 2 } as const;
/** Flag of RESET. */
export const RESET_LOCAL = 1;
/** Flag of STREAMS_CREATABLE. */
export const UNIDIRECTIONAL = 1;

/** A cursor over the event buffer: fields of the record it stands on are read without making an object for it. */
export class NeqoEventReader {
  readonly #headBytes: number;
  #buffer: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));
  #offset = 0;
  #next = 0;
  #end = 0;

  constructor(headBytes = CLIENT_HEAD_BYTES) {
    this.#headBytes = headBytes;
  }

  /** Starts at the beginning of `buffer`, which holds `length` bytes of records. */
  reset(buffer: Uint8Array, length: number): void {
    if (buffer.buffer !== this.#view.buffer) {
      this.#buffer = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    this.#next = 0;
    this.#end = length;
  }

  /** Moves to the next record; false after the last. */
  advance(): boolean {
    if (this.#next >= this.#end) return false;
    this.#offset = this.#next;
    this.#next += this.#view.getUint32(this.#offset + 4, true);
    return true;
  }

  get kind(): number {
    return this.#view.getUint32(this.#offset, true);
  }

  get streamId(): number {
    return this.#view.getFloat64(this.#offset + 8, true);
  }

  /** The record's number: an error code, a status, a time. */
  get number(): number {
    return this.#view.getFloat64(this.#offset + 16, true);
  }

  get flags(): number {
    return this.#view.getUint32(this.#offset + FLAGS_OFFSET, true);
  }

  /** A u32 of the head. */
  protected headField(offset: number): number {
    return this.#view.getUint32(this.#offset + offset, true);
  }

  /** The payload, copied: the buffer is used again. */
  bytes(): Buffer {
    const start = this.#offset + this.#headBytes;
    return Buffer.from(this.#buffer.subarray(start, start + this.#view.getUint32(this.#offset + COUNT_OFFSET, true)));
  }

  /** The payload as UTF-8. */
  text(): string {
    const start = this.#offset + this.#headBytes;
    return this.#buffer.toString('utf8', start, start + this.#view.getUint32(this.#offset + COUNT_OFFSET, true));
  }

  /** The payload of SETTINGS: values by identifier. Those above 2^53 are rounded. */
  settings(): Map<number, number> {
    const numbers = this.text().split(' ').map(Number);
    const settings = new Map<number, number>();
    for (let index = 0; index + 1 < numbers.length; index += 2)
      settings.set(numbers[index] ?? 0, numbers[index + 1] ?? 0);
    return settings;
  }

  /** The header section, flat: name, value, name, value …, each character one byte of the wire. */
  headers(): string[] {
    const count = this.#view.getUint32(this.#offset + COUNT_OFFSET, true);
    const lengths = this.#offset + this.#headBytes;
    const start = lengths + count * 8;
    // One string for all, then cut: cheaper than one crossing into the decoder for each.
    const all = this.#buffer.toString('latin1', start, this.#next);
    const headers: string[] = new Array<string>(count * 2);
    let position = 0;
    for (let index = 0; index < headers.length; index += 1) {
      const end = position + this.#view.getUint32(lengths + index * 4, true);
      headers[index] = all.slice(position, end);
      position = end;
    }
    return headers;
  }
}
