import { MessageError } from '../errors.js';
import { bodySlab } from '../http/body-slab.js';
import type { StreamSession } from './stream-session.js';

/** Where body bytes go. */
export interface ReaderStream {
  readonly id: number;
  /** `null` is the end. @returns whether there is room for more */
  deliver(chunk: Uint8Array | null): boolean;
}

/**
 * The receiving half of a request stream. It reads from the engine only what the user has asked for: what is not read stays
 * within QUIC's flow-control window, which stops the peer.
 */
export class RequestBodyReader {
  readonly #session: StreamSession;
  readonly #stream: ReaderStream;
  readonly #expectedLength: number | undefined;
  #length = 0;
  /** The user has room. */
  #wanted = false;
  /** The engine may have bytes. */
  #readable = true;
  #ended = false;

  constructor(session: StreamSession, stream: ReaderStream, expectedLength: number | undefined) {
    this.#session = session;
    this.#stream = stream;
    this.#expectedLength = expectedLength;
  }

  /** All of the request was received, or nobody wants the rest. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The user asks for bytes. @returns whether a turn of the engine is needed to get them */
  want(): boolean {
    this.#wanted = true;
    return this.#readable && !this.#ended;
  }

  /** The engine has bytes, trailers or the end. */
  onReadable(): void {
    this.#readable = true;
    this.read();
  }

  /** Hands on what there is and what there is room for. @throws MessageError if it does not fit the content-length */
  read(): void {
    while (this.#wanted && this.#readable && !this.#ended) {
      const { block, offset } = bodySlab;
      const { engine, handle } = this.#session;
      const result = engine.readData(handle, this.#stream.id, block, offset, block.length - offset);
      const read = Math.max(0, this.#session.check(result, 'readData'));
      const fin = result >= 0 && this.#session.fin;
      if (read === 0) this.#readable = false;
      this.#length += read;
      this.#checkLength(fin);
      if (read > 0) this.#wanted = this.#stream.deliver(bodySlab.take(read));
      if (fin) this.end();
    }
  }

  /** Nothing more is read. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#session.requestEnded(this.#stream.id);
    this.#stream.deliver(null);
  }

  #checkLength(fin: boolean): void {
    const expected = this.#expectedLength;
    if (expected === undefined) return;
    if (this.#length > expected || (fin && this.#length < expected)) {
      throw new MessageError(`${this.#length} body bytes instead of its content-length of ${expected}`, 'request');
    }
  }
}
