import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { H3_ERROR } from '../../errors.js';
import { emitSafely } from '../emit-safely.js';
import type { Connection, ConnectionTls, ServerHttp3Session } from '../server-types.js';
import type { BatchWriter } from './batch-writer.js';
import { RecordKind } from './records.js';
import type { SessionDescription } from './session-description.js';

/** The connection of a session as it was when the worker first heard of it: its counters do not move. */
class WorkerConnection implements Connection {
  readonly sessionId: bigint;
  readonly fd: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly openTime: number;
  readonly connectTime: number;
  readonly closeTime = 0;
  readonly lastReceiveTime: number;
  readonly bytesReceived = 0;
  readonly bytesSent = 0;
  readonly streams = 0;
  readonly openStreams = 0;
  readonly tls: ConnectionTls | undefined;
  readonly socket = undefined;

  constructor(description: SessionDescription) {
    this.sessionId = BigInt(description.id);
    this.fd = description.fd;
    this.remoteAddress = description.remoteAddress;
    this.remotePort = description.remotePort;
    this.localAddress = description.localAddress;
    this.localPort = description.localPort;
    this.openTime = description.openTime;
    this.connectTime = description.connectTime;
    this.lastReceiveTime = description.connectTime;
    this.tls = description.tls;
  }
}

/**
 * Stands for a session in a worker: what was known of it at its first request there. It has no socket; `close` and
 * `destroy` are passed on. Events: 'close'.
 */
export class WorkerSession extends EventEmitter implements ServerHttp3Session {
  readonly connection: Connection;
  readonly socket: Socket | undefined = undefined;
  readonly #writer: BatchWriter;
  readonly #key: number;
  #closed = false;
  #destroyed = false;

  constructor(key: number, description: SessionDescription, writer: BatchWriter) {
    super();
    this.#key = key;
    this.#writer = writer;
    this.connection = new WorkerConnection(description);
  }

  get id(): bigint {
    return this.connection.sessionId;
  }

  get remoteAddress(): string {
    return this.connection.remoteAddress;
  }

  get remotePort(): number {
    return this.connection.remotePort;
  }

  get localAddress(): string {
    return this.connection.localAddress;
  }

  get localPort(): number {
    return this.connection.localPort;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  close(callback?: () => void): void {
    if (callback !== undefined) this.once('close', callback);
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.add(RecordKind.SESSION_CLOSE, 0, '', this.#key, 0, 0);
  }

  destroy(error?: Error, code: number = error === undefined ? H3_ERROR.H3_NO_ERROR : H3_ERROR.H3_INTERNAL_ERROR): void {
    if (this.#destroyed) return;
    this.#closed = true;
    this.#destroyed = true;
    this.#writer.add(RecordKind.SESSION_DESTROY, 0, error?.message ?? '', this.#key, code, 0);
  }

  /** The session is over. */
  onClosed(): void {
    this.#closed = true;
    this.#destroyed = true;
    emitSafely(this, 'close');
  }
}
