import type { Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { asError, RequestAbortedError, RequestContentLengthMismatchError } from '../../errors.js';
import type { Carrier, Exchange } from './exchange.js';
import { type TcpConnection, watchTcpConnection } from './tcp-connections.js';

/** What the race that a TCP leg runs in decides. */
export interface TcpLegHooks {
  /** A connection is there, and nothing of the request was sent: false if it goes another way meanwhile. */
  mayStart(): boolean;
  /** It came to nothing before anything was sent. */
  onFailed(error: Error): void;
  /** The final response's Alt-Svc field, and its Age (RFC 7838 3). */
  onAltSvc(value: string, age: string | undefined): void;
}

/** Status codes below are interim (RFC 9110 15.2). */
const FINAL = 200;

/** Carries an exchange over TCP, by a dispatcher of undici. The request's body is not touched before `mayStart` has agreed. */
export class TcpLeg implements Dispatcher.DispatchHandler, Carrier {
  readonly exchange: Exchange;
  readonly #hooks: TcpLegHooks;
  readonly #begin = performance.now();
  #controller: Dispatcher.DispatchController | undefined;
  #connection: TcpConnection | undefined;
  #requestSent = 0;
  #started = false;
  #over = false;

  constructor(exchange: Exchange, hooks: TcpLegHooks) {
    this.exchange = exchange;
    this.#hooks = hooks;
  }

  /** Gives the request to undici. */
  dispatch(tcp: Dispatcher): void {
    const { request } = this.exchange;
    const { dispatcher: _, ...options } = request.options as Dispatcher.DispatchOptions & { dispatcher?: unknown };
    try {
      tcp.dispatch(
        {
          ...options,
          origin: request.origin.href,
          headers: request.tcpHeaders(),
          // undici takes any iterable of bytes, which its types do not say.
          body: (this.#saysEmpty ? null : request.body.forTcp()) as Readable | Buffer | null,
        },
        this,
      );
    } catch (error) {
      this.onResponseError(undefined, asError(error));
    }
  }

  /** The request goes another way. A connection that is being made serves later requests. */
  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.abort(new RequestAbortedError('The request went over HTTP/3'));
  }

  abort(reason: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.abort(reason);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over || (!this.#started && !this.#hooks.mayStart())) {
      this.#over = true;
      controller.abort(new RequestAbortedError('The request goes another way'));
      return;
    }
    if (!this.#started && this.#saysEmpty) void this.#checkEmpty();
    this.#started = true;
    this.#requestSent = performance.now();
    watchTcpConnection((connection) => {
      this.#connection = connection;
    });
    if (this.exchange.controller.paused) controller.pause();
  }

  /** A body that says that it has no bytes, such as fetch's of '': over undici's HTTP/2 one that is pulled would never end. */
  get #saysEmpty(): boolean {
    const { contentLength, body } = this.exchange.request;
    return contentLength === 0 && body.length !== 0;
  }

  async #checkEmpty(): Promise<void> {
    try {
      for await (const chunk of (this.exchange.request.body.forTcp() ?? []) as AsyncIterable<Uint8Array>) {
        if (chunk.length === 0) continue;
        throw new RequestContentLengthMismatchError('The request body has bytes, and a content-length of 0');
      }
    } catch (error) {
      this.exchange.controller.abort(asError(error));
    }
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Dispatcher.ResponseData['headers'],
    socket: Duplex,
  ): void {
    if (this.#over) return;
    this.#over = true;
    this.exchange.upgrade(status, rawFields(controller.rawHeaders, headers), socket);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Dispatcher.ResponseData['headers'],
    statusMessage?: string,
  ): void {
    if (this.#over) return;
    const { 'alt-svc': altSvc, age } = headers;
    if (status >= FINAL && altSvc !== undefined) this.#hooks.onAltSvc(String(altSvc), age && String(age));
    this.exchange.connection({
      protocol: this.#connection?.protocol,
      localAddress: this.#connection?.localAddress,
      localPort: this.#connection?.localPort,
      remoteAddress: this.#connection?.remoteAddress,
      remotePort: this.#connection?.remotePort,
      resumed: this.#connection?.resumed,
      earlyData: false,
      timings: { start: this.#begin, requestSent: this.#requestSent, responseStart: performance.now() },
      connection: undefined,
    });
    this.exchange.responseStart(status, rawFields(controller.rawHeaders, headers), statusMessage);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.exchange.data(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: Dispatcher.ResponseData['headers']): void {
    if (this.#over) return;
    this.#over = true;
    this.exchange.end(rawFields(controller.rawTrailers, trailers));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#started) this.exchange.fail(error);
    else this.#hooks.onFailed(error);
  }
}

/** Fields as a flat list. undici 7 gives them as such, undici 8 also as an object, and mocks as nothing but the parsed ones. */
function rawFields(
  raw: Dispatcher.DispatchController['rawHeaders'],
  parsed: Dispatcher.ResponseData['headers'],
): readonly Buffer[] | readonly string[] {
  if (Array.isArray(raw) && !raw.some(Array.isArray)) return raw;
  const flat: string[] = [];
  for (const [name, value] of Object.entries(parsed ?? {})) {
    for (const single of Array.isArray(value) ? value : [value]) flat.push(name, String(single));
  }
  return flat;
}
