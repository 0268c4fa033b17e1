import type { Http3Stream } from '../stream/http3-stream.js';

/** The streams of a session: all of them, those that neqo knows by id, and those that wait for MAX_STREAMS. */
export class StreamTable {
  readonly #all = new Set<Http3Stream>();
  readonly #byId = new Map<number, Http3Stream>();
  /** necko's mQueuedStreams, in order of arrival. */
  readonly #queued = new Set<Http3Stream>();

  get size(): number {
    return this.#all.size;
  }

  get queuedCount(): number {
    return this.#queued.size;
  }

  get activeCount(): number {
    return this.#byId.size;
  }

  add(stream: Http3Stream): void {
    this.#all.add(stream);
  }

  activate(stream: Http3Stream, id: number): void {
    this.#queued.delete(stream);
    this.#byId.set(id, stream);
  }

  queue(stream: Http3Stream): void {
    this.#queued.add(stream);
  }

  /** The waiting streams in order; activating or deleting them meanwhile is fine. */
  queued(): Iterable<Http3Stream> {
    return this.#queued;
  }

  /** Forgets the ids only: 0-RTT was rejected and neqo has forgotten its streams. */
  deactivateAll(): Http3Stream[] {
    const active = [...this.#byId.values()];
    this.#byId.clear();
    return active;
  }

  get(id: number): Http3Stream | undefined {
    return this.#byId.get(id);
  }

  delete(stream: Http3Stream): void {
    this.#all.delete(stream);
    this.#queued.delete(stream);
    if (stream.id !== undefined && this.#byId.get(stream.id) === stream) this.#byId.delete(stream.id);
  }

  /** Streams that neqo was never given. */
  notActivated(): Http3Stream[] {
    return [...this.#all].filter((stream) => !stream.activated);
  }

  all(): Http3Stream[] {
    return [...this.#all];
  }
}
