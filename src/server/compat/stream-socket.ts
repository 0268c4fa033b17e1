import type { ServerHttp3Session, ServerHttp3Stream } from '../server-types.js';
import { HTTP_VERSION, INCOMING, type MessageStream, OUTGOING } from './stream-messages.js';

type Listener = Parameters<ServerHttp3Stream['on']>[1];

/**
 * What `req.socket` and `res.socket` are: addresses and TLS facts of the connection, and the life of the stream.
 *
 * HTTP/1.1 code takes the socket for the request's own: it destroys it to drop the client, and waits for its 'close' to
 * see the client go. With many requests in one connection, that is the stream. The session's own socket would not do
 * either: it is absent in mode 'session' and in workers, and nothing may be written to it.
 */
export class StreamSocket {
  readonly encrypted = true;
  readonly authorized = false;
  readonly #stream: ServerHttp3Stream;
  readonly #session: ServerHttp3Session | undefined;
  #timed = false;

  constructor(stream: ServerHttp3Stream) {
    this.#stream = stream;
    this.#session = stream.session;
  }

  get remoteAddress(): string | undefined {
    return this.#address('remoteAddress');
  }

  get remotePort(): number | undefined {
    return this.#address('remotePort');
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.remoteAddress);
  }

  get localAddress(): string | undefined {
    return this.#address('localAddress');
  }

  get localPort(): number | undefined {
    return this.#address('localPort');
  }

  get localFamily(): string | undefined {
    return familyOf(this.localAddress);
  }

  /** The local address, as net.Socket gives it. */
  address(): { address?: string | undefined; port?: number | undefined; family?: string | undefined } {
    return { address: this.localAddress, port: this.localPort, family: this.localFamily };
  }

  get alpnProtocol(): string {
    return (this.#stream as MessageStream)[HTTP_VERSION] === 2 ? 'h2' : 'h3';
  }

  /** The host name of SNI; false if the client sent none. */
  get servername(): string | false {
    return this.#session?.connection?.tls?.serverName || false;
  }

  /** Clients are not asked for certificates. */
  getPeerCertificate(): Record<string, never> {
    return {};
  }

  get bytesRead(): number {
    return this.#session?.connection?.bytesReceived ?? 0;
  }

  get bytesWritten(): number {
    return this.#session?.connection?.bytesSent ?? 0;
  }

  get readable(): boolean {
    return this.#stream.readable;
  }

  get writable(): boolean {
    return this.#stream.writable;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  get closed(): boolean {
    return this.#stream.closed;
  }

  get readableHighWaterMark(): number {
    return this.#stream.readableHighWaterMark;
  }

  get writableHighWaterMark(): number {
    return this.#stream.writableHighWaterMark;
  }

  /** OutgoingMessage takes 0 for finished: so at least 1 until the stream has given all to the connection. */
  get writableLength(): number {
    return this.#stream.writableFinished ? 0 : Math.max(1, this.#stream.writableLength);
  }

  get writableCorked(): number {
    return this.#stream.writableCorked;
  }

  destroy(error?: Error): this {
    this.#stream.destroy(error);
    return this;
  }

  /** Ends the response and, once it is sent, the stream. */
  destroySoon(): void {
    if (this.#stream.writableFinished) this.#stream.destroy();
    else this.#stream.once('finish', () => this.#stream.destroy()).end();
  }

  end(): this {
    this.#stream.end();
    return this;
  }

  /** Without a listener for 'timeout' on request, response or stream, a timeout destroys the stream, as in node:http. */
  setTimeout(milliseconds: number, callback?: () => void): this {
    if (!this.#timed) {
      this.#timed = true;
      this.#stream.on('timeout', onStreamTimeout);
    }
    this.#stream.setTimeout(milliseconds, callback);
    return this;
  }

  /** TCP's; without effect. */
  setNoDelay(): this {
    return this;
  }

  /** TCP's; without effect. */
  setKeepAlive(): this {
    return this;
  }

  /** The server's socket keeps the process alive; without effect. */
  ref(): this {
    return this;
  }

  /** See {@link ref}. */
  unref(): this {
    return this;
  }

  on(event: string | symbol, listener: Listener): this {
    this.#stream.on(event, listener);
    return this;
  }

  addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener);
  }

  once(event: string | symbol, listener: Listener): this {
    this.#stream.once(event, listener);
    return this;
  }

  prependListener(event: string | symbol, listener: Listener): this {
    this.#stream.prependListener(event, listener);
    return this;
  }

  off(event: string | symbol, listener: Listener): this {
    this.#stream.off(event, listener);
    return this;
  }

  removeListener(event: string | symbol, listener: Listener): this {
    return this.off(event, listener);
  }

  listenerCount(event: string | symbol): number {
    return this.#stream.listenerCount(event);
  }

  emit(event: string | symbol, ...values: unknown[]): boolean {
    return this.#stream.emit(event, ...values);
  }

  /** node:http2's sessions have addresses only on their socket, and none once they are destroyed. */
  #address<Name extends 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>(
    name: Name,
  ): ServerHttp3Session[Name] | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const address: ServerHttp3Session[Name] | undefined = session[name];
    if (address !== undefined || session.destroyed) return address;
    return session.socket?.[name] as ServerHttp3Session[Name] | undefined;
  }
}

function familyOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function onStreamTimeout(this: MessageStream): void {
  const byRequest = this[INCOMING]?.message.emit('timeout') ?? false;
  const byResponse = this[OUTGOING]?.message.emit('timeout') ?? false;
  if (!byRequest && !byResponse && this.listenerCount('timeout') === 1) this.destroy();
}
