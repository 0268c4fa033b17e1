/** Pools of a test, and requests on them, each watched to its one end. */
import { ClientDestroyedError, type Http3Error } from '../../../src/errors.js';
import { ConnectionDirectory, type DirectoryOptions } from '../../../src/http/connection-directory.js';
import { type ConnectionOptions, resolveConnectionOptions } from '../../../src/http/connection-options.js';
import { HttpTransaction, type ResponseConsumer } from '../../../src/http/http-transaction.js';
import { Http3Pool, type PoolListener, type PoolOptions, type SubmitOptions } from '../../../src/http/http3-pool.js';
import { parseOrigin } from '../../../src/http/origin.js';
import { type BodyInit, toRequestBody } from '../../../src/http/request-body.js';
import { type OutgoingHeaders, parseRequestHeaders } from '../../../src/http/request-head.js';
import { DEFAULT_PRIORITY } from '../../../src/stream/transaction.js';
import { endWithTest } from './cleanup.js';

export interface TestPoolOptions extends ConnectionOptions, Pick<PoolOptions, 'connections' | 'maxConcurrentStreams'> {
  /** Default: one of the pool's own, without a limit and without coalescing. */
  readonly directory?: ConnectionDirectory;
}

/** How a request ended. */
export interface Outcome {
  /** 'end', 'error', 'taken' (by onUnprocessed): exactly one. */
  readonly end: 'end' | 'error' | 'taken';
  readonly status: number | undefined;
  readonly headers: readonly string[];
  readonly body: string;
  readonly error: (Error & Partial<Http3Error>) | undefined;
  /** How often its header section was given to QUIC. */
  readonly sent: number;
}

export interface TestRequest {
  readonly transaction: HttpTransaction;
  readonly outcome: Promise<Outcome>;
  /** `sent`, `sent early`, `early data accepted`, `headers 200`, `end` … */
  readonly events: readonly string[];
}

export interface RequestInit extends SubmitOptions {
  readonly headers?: OutgoingHeaders;
  readonly body?: BodyInit;
  /** Takes it elsewhere when it is unprocessed. */
  readonly onUnprocessed?: (reason: Http3Error) => boolean;
  readonly onHeaders?: () => void;
}

export function makeDirectory(options: Partial<DirectoryOptions> = {}): ConnectionDirectory {
  return new ConnectionDirectory({ maxConnections: Number.POSITIVE_INFINITY, coalesce: false, ...options });
}

/** A pool with a log of its events; it is destroyed with the test, which fails if native objects are left. */
export class TestPool {
  readonly pool: Http3Pool;
  /** connect, connectFailed CODE, goaway, disconnect CODE, disconnect expected, idle, drain, close. */
  readonly events: string[] = [];
  readonly #origin: string;
  readonly #closed: Promise<void>;
  #onClose: () => void = () => undefined;
  #watchers: (() => void)[] = [];

  constructor(origin: string, ca: string, options: TestPoolOptions = {}) {
    const { directory = makeDirectory(), connections, maxConcurrentStreams, ...connection } = options;
    this.#origin = origin;
    this.#closed = new Promise((resolve) => {
      this.#onClose = resolve;
    });
    const parsed = parseOrigin(origin);
    this.pool = new Http3Pool(
      parsed,
      {
        ...(connections === undefined ? {} : { connections }),
        ...(maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams }),
        connection: resolveConnectionOptions(parsed, { ca, ...connection }),
      },
      directory,
      this.#listener,
    );
    endWithTest('client', () => this.pool.destroy(new ClientDestroyedError()));
  }

  count(event: string): number {
    return this.events.filter((entry) => entry === event).length;
  }

  /** Until `event` has come, now or earlier. */
  async until(event: string, times = 1): Promise<void> {
    while (this.count(event) < times) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  request(path = '/', init: RequestInit = {}): TestRequest {
    const request = makeRequest(this.#origin, path, init);
    this.pool.submit(request.transaction, init);
    return request;
  }

  async close(): Promise<void> {
    this.pool.close();
    await this.#closed;
  }

  #log(event: string): void {
    this.events.push(event);
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }

  readonly #listener: PoolListener = {
    onConnect: () => this.#log('connect'),
    onConnectFailed: ({ code }) => this.#log(`connectFailed ${code}`),
    onGoaway: () => this.#log('goaway'),
    onDisconnect: ({ code }, expected) => this.#log(expected ? 'disconnect expected' : `disconnect ${code}`),
    onIdle: () => this.#log('idle'),
    onDrain: () => this.#log('drain'),
    onTokenStoreError: () => this.#log('tokenStoreError'),
    onPing: () => this.#log('ping'),
    onClose: () => {
      this.#log('close');
      this.#onClose();
    },
  };
}

/** A request that has not been submitted. */
export function makeRequest(origin: string, path: string, init: RequestInit = {}): TestRequest {
  const parsed = parseRequestHeaders(parseOrigin(origin), { ':path': path, ...init.headers });
  const body = init.body === undefined ? undefined : toRequestBody(init.body);
  const watcher = new Watcher(init);
  const limits = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 65_536 };
  const transaction = new HttpTransaction(parsed, body, DEFAULT_PRIORITY, limits, watcher);
  return { transaction, outcome: watcher.outcome, events: watcher.events };
}

/** Fails the test's process if a request ends twice. */
class Watcher implements ResponseConsumer {
  readonly events: string[] = [];
  readonly outcome: Promise<Outcome>;
  readonly onUnprocessed?: (reason: Http3Error) => boolean;
  readonly #init: RequestInit;
  #resolve: (outcome: Outcome) => void = () => undefined;
  #settled = false;
  #status: number | undefined;
  #headers: readonly string[] = [];
  #chunks: Buffer[] = [];

  constructor(init: RequestInit) {
    this.#init = init;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const { onUnprocessed } = init;
    if (onUnprocessed !== undefined) {
      this.onUnprocessed = (reason) => {
        const taken = onUnprocessed(reason);
        if (taken) this.#settle('taken', reason);
        return taken;
      };
    }
  }

  onRequestSent(_streamId: number, early: boolean): void {
    this.events.push(early ? 'sent early' : 'sent');
  }

  onEarlyDataAccepted(): void {
    this.events.push('early data accepted');
  }

  onInterimHeaders(status: number): void {
    this.events.push(`interim ${status}`);
  }

  onHeaders(status: number, headers: readonly string[]): void {
    this.events.push(`headers ${status}`);
    this.#status = status;
    this.#headers = headers;
    this.#init.onHeaders?.();
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(Buffer.from(chunk));
    return true;
  }

  onTrailers(): void {
    this.events.push('trailers');
  }

  onRequestEnd(): void {
    this.events.push('request end');
  }

  onEnd(): void {
    this.#settle('end', undefined);
  }

  onError(error: Error): void {
    this.#settle('error', error);
  }

  #settle(end: Outcome['end'], error: Error | undefined): void {
    if (this.#settled) throw new Error(`A request ended twice: ${this.events.join(', ')}, then ${end}`);
    this.#settled = true;
    this.events.push(end);
    const sent = this.events.filter((event) => event.startsWith('sent')).length;
    const body = Buffer.concat(this.#chunks).toString();
    this.#resolve({ end, status: this.#status, headers: this.#headers, body, error, sent });
  }
}
