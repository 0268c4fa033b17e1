import { EventEmitter } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { H3_ERROR } from '../../../../src/errors.js';
import type {
  Connection,
  ServerFileResponseOptions,
  ServerHttp3Session,
  ServerHttp3Stream,
  ServerResponseOptions,
} from '../../../../src/server/server-types.js';

/** A session without a connection. */
export class ScriptedSession extends EventEmitter implements ServerHttp3Session {
  readonly connection: Connection;
  readonly socket: Socket | undefined = undefined;
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 50_000;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 443;
  closed = false;
  destroyed = false;
  destroyedWith: { readonly message: string | undefined; readonly code: number | undefined } | undefined;

  constructor(readonly id: bigint) {
    super();
    this.connection = {
      sessionId: id,
      fd: 7,
      remoteAddress: this.remoteAddress,
      remotePort: this.remotePort,
      localAddress: this.localAddress,
      localPort: this.localPort,
      openTime: 1000,
      connectTime: 1010,
      closeTime: 0,
      lastReceiveTime: 1010,
      bytesReceived: 0,
      bytesSent: 0,
      streams: 0,
      openStreams: 0,
      tls: {
        serverName: 'localhost',
        alpn: 'h3',
        cipher: 'TLS_AES_128_GCM_SHA256',
        group: 'x25519',
        resumed: false,
        earlyData: false,
      },
      socket: undefined,
    };
  }

  close(): void {
    this.closed = true;
    this.emit('close');
  }

  destroy(error?: Error, code?: number): void {
    this.destroyed = true;
    this.destroyedWith = { message: error?.message, code };
    this.close();
  }
}

export interface ScriptedRequest {
  readonly method?: string;
  readonly path?: string;
  readonly session?: ServerHttp3Session;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, chunk by chunk, taken as the reader asks for it. */
  readonly body?: Iterable<Buffer>;
  readonly trailers?: readonly string[];
  /** The body never ends. */
  readonly open?: boolean;
}

let lastId = -4;

/** A server's stream with a script instead of a client: shows what the server does with it, and what the client would get. */
export class ScriptedStream extends Duplex implements ServerHttp3Stream {
  readonly id: number;
  readonly session: ServerHttp3Session | undefined;
  readonly rawHeaders: readonly string[];
  readonly endAfterHeaders: boolean;
  readonly headRequest: boolean;
  readonly pushAllowed = false;
  readonly priority = { urgency: 3, incremental: false };
  readonly sentInfoHeaders: OutgoingHttpHeaders[] = [];
  sentHeaders: OutgoingHttpHeaders = {};
  sentTrailers: OutgoingHttpHeaders | undefined;
  headersSent = false;
  aborted = false;
  rstCode: number | undefined;
  /** Request body bytes that the server took. */
  bytesTaken = 0;
  /** Response body. */
  readonly received: Buffer[] = [];
  /** The client does not read: writes stay unfinished until {@link ScriptedStream.read}. */
  stalled = false;
  /** Settles when the stream is gone. */
  readonly gone: Promise<void>;
  readonly #body: Iterator<Buffer>;
  readonly #trailers: readonly string[] | undefined;
  readonly #open: boolean;
  #held: (() => void) | undefined;
  #waitForTrailers = false;
  #onTrailersSent: (() => void) | undefined;

  constructor(request: ScriptedRequest = {}) {
    super({ readableHighWaterMark: 64 * 1024, writableHighWaterMark: 64 * 1024 });
    lastId += 4;
    this.id = lastId;
    this.session = request.session;
    this.headRequest = request.method === 'HEAD';
    this.rawHeaders = [
      ...[':method', request.method ?? 'GET', ':scheme', 'https', ':authority', 'localhost'],
      ...[':path', request.path ?? '/'],
      ...Object.entries(request.headers ?? {}).flat(),
    ];
    this.endAfterHeaders = request.body === undefined && request.open !== true;
    this.#body = (request.body ?? [])[Symbol.iterator]();
    this.#trailers = request.trailers;
    this.#open = request.open === true;
    if (this.endAfterHeaders) this.push(null);
    this.gone = new Promise((resolve) => this.once('close', resolve));
  }

  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }

  get status(): number | undefined {
    const status = this.sentHeaders[':status'];
    return status === undefined ? undefined : Number(status);
  }

  override _read(): void {
    const { value, done } = this.#body.next();
    if (done === true) {
      if (this.#open) return;
      if (this.#trailers !== undefined) this.emit('trailers', {}, 0, this.#trailers);
      this.push(null);
      return;
    }
    this.bytesTaken += value.length;
    this.push(value);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const done = (): void => {
      // The writer may use the chunk's memory again after the callback.
      this.received.push(Buffer.from(chunk));
      callback();
    };
    if (this.stalled) this.#held = done;
    else done();
  }

  override _final(callback: () => void): void {
    if (this.#waitForTrailers) {
      process.nextTick(() => this.emit('wantTrailers'));
      this.#onTrailersSent = callback;
    } else {
      callback();
    }
    if (this.endAfterHeaders) this.resume();
  }

  /** The client reads again. */
  unstall(): void {
    this.stalled = false;
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  /** The client cancels the request, or its connection is lost. */
  abort(code: number): void {
    this.aborted = true;
    this.rstCode = code;
    this.emit('aborted');
    this.destroy();
  }

  respond(headers: OutgoingHttpHeaders = {}, options: ServerResponseOptions = {}): void {
    if (this.headersSent) throw new Error('headers were sent before');
    this.headersSent = true;
    this.sentHeaders = headers;
    this.#waitForTrailers = options.waitForTrailers === true;
    if (options.endStream === true) this.end();
  }

  additionalHeaders(headers: OutgoingHttpHeaders): void {
    this.sentInfoHeaders.push(headers);
  }

  sendTrailers(headers: OutgoingHttpHeaders): void {
    this.sentTrailers = headers;
    this.#onTrailersSent?.();
  }

  respondWithFile(_path: string, _headers?: OutgoingHttpHeaders, _options?: ServerFileResponseOptions): void {
    throw new Error('not in the script');
  }

  respondWithFD(_fd: number | FileHandle, _headers?: OutgoingHttpHeaders, _options?: ServerFileResponseOptions): void {
    throw new Error('not in the script');
  }

  close(code: number = H3_ERROR.H3_NO_ERROR): void {
    if (this.rstCode !== undefined) return;
    this.rstCode = code;
    if (code !== H3_ERROR.H3_NO_ERROR || this.writableFinished) this.destroy();
    else this.end(() => this.destroy());
  }

  setTimeout(): this {
    return this;
  }
}
