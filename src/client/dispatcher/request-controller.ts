import type { Dispatcher } from 'undici';

/** Header fields, flat: name, value, name, value … Strings are Latin-1. */
export type RawFields = readonly string[] | readonly Buffer[];

/** What a controller steers. */
export interface ControlledExchange {
  /** `reason` is whatever the user gave, if anything. */
  abortedByHandler(reason: unknown): void;
  paused(): void;
  resumed(): void;
}

/** What a handler steers its request with, in every phase of it: undici's RequestController. */
export class RequestController implements Dispatcher.DispatchController {
  readonly #exchange: ControlledExchange;
  #aborted = false;
  #paused = false;
  #reason: Error | null = null;
  #rawHeaders: RawFields | null = null;
  #rawTrailers: RawFields | null = null;

  constructor(exchange: ControlledExchange) {
    this.#exchange = exchange;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** What `abort` was given. */
  get reason(): Error | null {
    return this.#reason;
  }

  /**
   * Fields of the last response headers, flat; null before them. Always Buffers: undici's fetch and its handlers of both
   * generations read them. Made when they are asked for. Interceptors may replace them.
   */
  get rawHeaders(): Buffer[] | null {
    this.#rawHeaders = toBuffers(this.#rawHeaders);
    return this.#rawHeaders as Buffer[] | null;
  }

  set rawHeaders(fields: RawFields | null) {
    this.#rawHeaders = fields;
  }

  /** Fields of the trailer section, in the same form; null before the end. */
  get rawTrailers(): Buffer[] | null {
    this.#rawTrailers = toBuffers(this.#rawTrailers);
    return this.#rawTrailers as Buffer[] | null;
  }

  set rawTrailers(fields: RawFields | null) {
    this.#rawTrailers = fields;
  }

  /** Ends the request with an error: `reason`, or an AbortError. Does nothing once it has ended. */
  abort(reason?: Error): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason ?? null;
    this.#exchange.abortedByHandler(reason);
  }

  /** No more data until `resume`; the server is held back by flow control. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#exchange.paused();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#exchange.resumed();
  }
}

/** Names that are kept as Buffers: the same few come with every response. */
const MAX_NAMES = 256;
const names = new Map<string, Buffer>();

function toBuffers(fields: RawFields | null): readonly Buffer[] | null {
  // All fields of a list are of one kind; what an interceptor has put there is its own affair.
  if (!Array.isArray(fields) || typeof fields[0] !== 'string') return fields as readonly Buffer[] | null;
  const texts = fields as readonly string[];
  return texts.map((text, index) => (index % 2 === 0 ? nameBuffer(text) : Buffer.from(text, 'latin1')));
}

function nameBuffer(name: string): Buffer {
  let buffer = names.get(name);
  if (buffer === undefined) {
    buffer = Buffer.from(name, 'latin1');
    if (names.size < MAX_NAMES) names.set(name, buffer);
  }
  return buffer;
}
