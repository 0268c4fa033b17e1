import { AtomicChunk } from './atomic-chunk.js';
import type { BufferSource } from './dictionaries.js';
import { safeWrite } from './safe-write.js';
import type { SendStreamSink } from './send-stream-sink.js';
import { type WritableStream, WritableStreamDefaultWriter } from './web-streams.js';
import { defineInterface, forbidConstruction, type INTERNAL, promised } from './webidl.js';

/** Of `WebTransportSendStream.getWriter()` (W3C WebTransport 11). */
export class WebTransportWriter extends WritableStreamDefaultWriter<BufferSource> {
  readonly #sink: SendStreamSink;

  /** @internal */
  constructor(...parameters: [token: typeof INTERNAL, stream: WritableStream<BufferSource>, sink: SendStreamSink]) {
    const [token, stream, sink] = parameters;
    forbidConstruction(token);
    super(stream);
    this.#sink = sink;
    sink.writerTaken(this);
  }

  override abort(reason?: unknown): Promise<undefined> {
    return promised(() => {
      this.#sink.writerAborts(this, reason);
      return super.abort(reason) as Promise<undefined>;
    });
  }

  override releaseLock(): void {
    super.releaseLock();
    this.#sink.writerReleased(this);
  }

  override write(chunk: BufferSource | undefined = undefined): Promise<undefined> {
    return safeWrite(() => super.write(chunk as BufferSource));
  }

  /**
   * Writes the whole chunk, or nothing of it.
   *
   * Rejects with an AbortError if it does not fit into the flow control window when its turn comes. The stream remains
   * usable then, unless ordinary writes were queued behind: it is errored with them.
   */
  async atomicWrite(chunk: BufferSource | undefined = undefined): Promise<undefined> {
    // The brand is checked before anything is written.
    this.#sink;
    const atomic = new AtomicChunk(chunk);
    await safeWrite(() => super.write(atomic as unknown as BufferSource));
    if (atomic.failure !== undefined) throw atomic.failure;
    return undefined;
  }

  /** What has been written so far reaches the peer even if the stream is aborted later. Over connections that support it. */
  commit(): undefined {
    this.#sink.commit();
    return undefined;
  }
}
defineInterface(WebTransportWriter, 'WebTransportWriter');
