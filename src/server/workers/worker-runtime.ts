import { reportUncaught } from '../../errors.js';
import { BatchWriter } from './batch-writer.js';
import { fromHeaderText, incomingHeaders } from './header-text.js';
import { batchBuffer, batchChunk, forEachRecord } from './record-reader.js';
import { type Batch, RecordKind, RequestFlag } from './records.js';
import type { SessionDescription } from './session-description.js';
import type { WorkerHandler } from './worker-handler.js';
import type { WorkerInit } from './worker-init.js';
import { WorkerSession } from './worker-session.js';
import { WorkerStream, type WorkerStreamOwner } from './worker-stream.js';

/** A worker thread's end of the port: makes streams of REQUEST records and gives them to the handler. */
export class WorkerRuntime implements WorkerStreamOwner {
  readonly writer: BatchWriter;
  readonly window: number;
  readonly sendDate: boolean;
  readonly #handler: WorkerHandler;
  readonly #sessions = new Map<number, WorkerSession>();
  readonly #streams = new Map<number, WorkerStream>();

  constructor({ port, window, sendDate }: WorkerInit, handler: WorkerHandler) {
    this.window = window;
    this.sendDate = sendDate;
    this.#handler = handler;
    this.writer = new BatchWriter(port);
    // What was answered in the turn in which the thread ends is not lost with it.
    process.once('exit', () => this.writer.flush());
    port.on('message', (batch: Batch) => this.#onBatch(batch));
    this.writer.add(RecordKind.READY, 0, '', 0, 0, 0);
    this.writer.flush();
  }

  forget(key: number): void {
    this.#streams.delete(key);
  }

  #onBatch(batch: Batch): void {
    forEachRecord(batch, (kind, key, text, a, b, c) => {
      try {
        this.#onRecord(batch, kind, key, text, a, b, c);
      } catch (error) {
        // Of the handler, or of a listener: uncaught, as without workers. But the other requests of the batch are served.
        reportUncaught(error);
      }
    });
  }

  #onRecord(batch: Batch, kind: number, key: number, text: string, a: number, b: number, c: number): void {
    if (key === 0) this.#onThreadRecord(batch, kind, text, a);
    else if (kind === RecordKind.REQUEST) this.#onRequest(key, text, a, b, c);
    else {
      const stream = this.#streams.get(key);
      if (stream !== undefined) this.#onStreamRecord(stream, batch, kind, text, a, b, c);
    }
  }

  #onThreadRecord(batch: Batch, kind: number, text: string, a: number): void {
    switch (kind) {
      case RecordKind.SESSION:
        this.#sessions.set(a, new WorkerSession(a, JSON.parse(text) as SessionDescription, this.writer));
        break;
      case RecordKind.SESSION_CLOSED:
        this.#sessions.get(a)?.onClosed();
        this.#sessions.delete(a);
        break;
      case RecordKind.BLOCK:
        this.writer.keepBlock(batchBuffer(batch, a));
        break;
      case RecordKind.SHUTDOWN:
        void this.#shutDown();
        break;
    }
  }

  #onRequest(key: number, text: string, id: number, bits: number, sessionKey: number): void {
    const rawHeaders = fromHeaderText(text);
    const headers = incomingHeaders(rawHeaders);
    const stream = new WorkerStream(
      {
        key,
        id,
        method: headers[':method'],
        session: this.#sessions.get(sessionKey),
        endAfterHeaders: (bits & RequestFlag.END_AFTER_HEADERS) !== 0,
        isHttp2: (bits & RequestFlag.HTTP2) !== 0,
        priority: {
          urgency: (bits >> RequestFlag.URGENCY_SHIFT) & RequestFlag.URGENCY_MASK,
          incremental: (bits & RequestFlag.INCREMENTAL) !== 0,
        },
      },
      this,
    );
    this.#streams.set(key, stream);
    this.#handler.onStream(stream, headers, bits >> RequestFlag.HTTP_FLAGS_SHIFT, rawHeaders);
  }

  #onStreamRecord(
    stream: WorkerStream,
    batch: Batch,
    kind: number,
    text: string,
    a: number,
    b: number,
    c: number,
  ): void {
    switch (kind) {
      case RecordKind.DATA:
        stream.onData(batchChunk(batch, a, b, c));
        break;
      case RecordKind.DATA_END:
        stream.onData(batchChunk(batch, a, b, c));
        stream.onEnd();
        break;
      case RecordKind.END:
        stream.onEnd();
        break;
      case RecordKind.TRAILERS: {
        const raw = fromHeaderText(text);
        stream.onTrailers(incomingHeaders(raw), raw);
        break;
      }
      case RecordKind.CREDIT:
        stream.onCredit(a);
        break;
      case RecordKind.CLOSED:
        stream.onClosed(a, b === 1, text);
        break;
    }
  }

  async #shutDown(): Promise<void> {
    try {
      await this.#handler.close();
    } catch (error) {
      reportUncaught(error);
      return;
    }
    // Whatever the module left open (timers, sockets of a pool): the server is closed.
    process.exit();
  }
}
