import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { Http3Error } from '../../errors.js';
import type { ServerHttp3Stream } from '../server-types.js';
import { BatchWriter, BLOCK_BYTES } from './batch-writer.js';
import { type BytesInFlight, DispatchedStream, type StreamOwner } from './dispatched-stream.js';
import { batchBuffer, batchChunk, forEachRecord } from './record-reader.js';
import { type Batch, RecordKind } from './records.js';
import { SessionKeys } from './session-keys.js';
import type { WorkerInit } from './worker-init.js';
import type { ResolvedWorkerOptions } from './worker-options.js';

/** What a {@link WorkerThread} tells its slot. */
export interface WorkerThreadListener {
  /** The module is loaded. */
  onReady(): void;
  /** The thread is gone, exactly once; its requests are settled. `error`: why, if it was not asked to end. */
  onExit(error: Error | undefined): void;
  /** A stream of it is gone. */
  onStreamSettled(): void;
}

/** The worker's entry, beside this file also after the build. */
const ENTRY = new URL('./worker-entry.js', import.meta.url);

/** One worker thread, and the requests it serves, as the thread that owns the sockets sees them. */
export class WorkerThread implements StreamOwner {
  readonly writer: BatchWriter;
  readonly inFlight: BytesInFlight = { request: 0, response: 0 };
  readonly window: number;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #listener: WorkerThreadListener;
  readonly #sessions: SessionKeys;
  readonly #streams = new Map<number, DispatchedStream>();
  #lastKey = 0;
  #ready = false;
  #stopping = false;
  #exited = false;
  #failure: Error | undefined;

  constructor(options: ResolvedWorkerOptions, listener: WorkerThreadListener) {
    this.#listener = listener;
    this.window = options.window;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.writer = new BatchWriter(port1);
    this.#sessions = new SessionKeys(this.writer);
    this.#worker = new Worker(ENTRY, {
      name: 'necko-http3',
      workerData: options.workerData,
      argv: [...options.argv],
      ...(options.env !== undefined && { env: options.env }),
      ...(options.execArgv !== undefined && { execArgv: [...options.execArgv] }),
      ...(options.resourceLimits !== undefined && { resourceLimits: options.resourceLimits }),
    });
    const init: WorkerInit = {
      port: port2,
      moduleUrl: options.moduleUrl,
      window: options.window,
      sendDate: options.sendDate,
    };
    this.#worker.postMessage(init, [port2]);
    this.#worker.on('error', (error: Error) => {
      this.#failure = error;
    });
    this.#worker.on('exit', (code) => this.#onExit(code));
    port1.on('message', (batch: Batch) => this.#onBatch(batch));
    // The worker itself keeps the process alive until it is ready, the port while a request is open.
    port1.unref();
  }

  get threadId(): number {
    return this.#worker.threadId;
  }

  get openRequests(): number {
    return this.#streams.size;
  }

  /** Requests it was given since it started. */
  get requests(): number {
    return this.#lastKey;
  }

  dispatch(stream: ServerHttp3Stream, flags: number, rawHeaders: readonly string[]): void {
    this.#lastKey += 1;
    const key = this.#lastKey;
    const dispatched = new DispatchedStream(stream, key, this);
    if (this.#streams.size === 0) this.#port.ref();
    this.#streams.set(key, dispatched);
    dispatched.start(flags, rawHeaders, this.#sessions.keyOf(stream.session));
  }

  onStreamClosed(key: number): void {
    this.#streams.delete(key);
    if (this.#streams.size === 0) this.#port.unref();
    this.#listener.onStreamSettled();
  }

  /** Asks the module to clean up and the thread to exit. */
  shutDown(): void {
    this.#stopping = true;
    this.#worker.ref();
    this.writer.add(RecordKind.SHUTDOWN, 0, '', 0, 0, 0);
    this.writer.flush();
  }

  /** Ends the thread at once. @param reason why, if it counts as a failure */
  terminate(reason?: Error): void {
    this.#failure ??= reason;
    if (reason === undefined) this.#stopping = true;
    this.#worker.ref();
    // Settles by 'exit', which is handled.
    void this.#worker.terminate();
  }

  #onBatch(batch: Batch): void {
    forEachRecord(batch, (kind, key, text, a, b, c) => {
      if (key === 0) {
        this.#onThreadRecord(kind, text, a, b);
        return;
      }
      const stream = this.#streams.get(key);
      // A stream that is gone here: the worker learns it from CLOSED.
      if (stream === undefined) return;
      switch (kind) {
        case RecordKind.RESPOND:
          stream.onRespond(text, a);
          break;
        case RecordKind.INFORMATION:
          stream.onInformation(text);
          break;
        case RecordKind.DATA:
          stream.onData(batchChunk(batch, a, b, c), false, reusableBlock(batch, a));
          break;
        case RecordKind.DATA_END:
          stream.onData(batchChunk(batch, a, b, c), true, reusableBlock(batch, a));
          break;
        case RecordKind.END:
          stream.onEnd();
          break;
        case RecordKind.TRAILERS:
          stream.onTrailers(text);
          break;
        case RecordKind.CREDIT:
          stream.onCredit(a);
          break;
        case RecordKind.CLOSE:
          stream.onCloseRequest(a);
          break;
      }
    });
  }

  #onThreadRecord(kind: number, text: string, a: number, b: number): void {
    switch (kind) {
      case RecordKind.READY:
        this.#ready = true;
        this.#worker.unref();
        this.#listener.onReady();
        break;
      case RecordKind.SESSION_CLOSE:
        this.#sessions.sessionOf(a)?.close();
        break;
      case RecordKind.SESSION_DESTROY:
        this.#sessions.sessionOf(a)?.destroy(text === '' ? undefined : new Error(text), b);
        break;
    }
  }

  #onExit(code: number): void {
    if (this.#exited) return;
    this.#exited = true;
    this.writer.close();
    // What the worker said before its end still counts: a whole response may wait here.
    for (;;) {
      const last = receiveMessageOnPort(this.#port);
      if (last === undefined) break;
      this.#onBatch(last.message as Batch);
    }
    this.#port.close();
    this.#sessions.close();
    for (const stream of [...this.#streams.values()]) stream.onWorkerGone();
    this.#listener.onExit(this.#stopping && this.#failure === undefined ? undefined : this.#exitError(code));
  }

  #exitError(code: number): Error {
    const when = this.#ready ? '' : ', before it was ready,';
    const how = this.#failure === undefined ? `exited with code ${code}` : `failed: ${this.#failure.message}`;
    return new Http3Error('ERR_HTTP3_WORKER', `A worker${when} ${how}`, { cause: this.#failure });
  }
}

/** The buffer of a DATA record, if it is a block of its own and not the slab (index 0). */
function reusableBlock(batch: Batch, index: number): ArrayBuffer | undefined {
  const buffer = batchBuffer(batch, index);
  return index > 0 && buffer.byteLength === BLOCK_BYTES ? buffer : undefined;
}
