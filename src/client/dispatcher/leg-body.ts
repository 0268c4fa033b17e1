import type { RequestBody } from '../../http/request-body.js';

/** What a LegBody tells of what is sent. */
export interface LegBodyWatcher {
  /** QUIC has taken these bytes; each byte of the body once, however often it is sent. */
  onChunkSent(chunk: Uint8Array): void;
  /** All bytes were given to QUIC: `length` of them. */
  onBodyEnd(length: number): void;
}

/** A request body on its way over HTTP/3: it may have to wait for the server's word, and others want to know what was sent. */
export class LegBody implements RequestBody {
  readonly #body: RequestBody;
  readonly #watcher: LegBodyWatcher;
  readonly #waits: boolean;
  #onReadable: () => void = () => undefined;
  /** Not before the server says so (100 Continue, RFC 9110 10.1.1), or never. */
  #held: boolean;
  #detached = false;
  /** What `current` gave last. */
  #chunk: Uint8Array | undefined;
  #sent = 0;
  #reported = 0;

  /** @param waits nothing is sent before `release` */
  constructor(body: RequestBody, waits: boolean, watcher: LegBodyWatcher) {
    this.#body = body;
    this.#waits = waits;
    this.#held = waits;
    this.#watcher = watcher;
  }

  get length(): number | undefined {
    return this.#body.length;
  }

  get replayable(): boolean {
    return this.#body.replayable;
  }

  get ended(): boolean {
    return !this.#held && this.#body.ended;
  }

  get error(): Error | undefined {
    return this.#body.error;
  }

  /** Waits for `release`. */
  get held(): boolean {
    return this.#held;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#onReadable();
  }

  /** Another leg sends the source: nothing of it is touched any more. */
  detach(): void {
    this.#detached = true;
  }

  start(onReadable: () => void): void {
    this.#onReadable = onReadable;
    this.#body.start(onReadable);
  }

  current(): Uint8Array | undefined {
    if (this.#held) return undefined;
    this.#chunk = this.#body.current();
    if (this.#chunk === undefined && this.#body.ended && this.#body.error === undefined)
      this.#watcher.onBodyEnd(this.#sent);
    return this.#chunk;
  }

  consume(count: number): void {
    const chunk = this.#chunk;
    this.#body.consume(count);
    this.#sent += count;
    const fresh = this.#sent - this.#reported;
    if (chunk === undefined || fresh <= 0) return;
    this.#reported = this.#sent;
    this.#watcher.onChunkSent(fresh === chunk.length ? chunk : chunk.subarray(count - fresh, count));
  }

  rewind(): void {
    this.#sent = 0;
    this.#held = this.#waits;
    this.#body.rewind();
  }

  discard(error: Error | undefined): void {
    if (!this.#detached) this.#body.discard(error);
  }
}
