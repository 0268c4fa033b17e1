import { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { ServerHttp3Stream } from '../server-types.js';
import { type HeaderSections, IncomingBody } from './incoming-body.js';
import { HTTP_VERSION, type MessageStream } from './stream-messages.js';
import { StreamSocket } from './stream-socket.js';

/**
 * A request as node:http's listeners know it: an IncomingMessage of version 3.0, with node:http2's `authority`, `scheme`
 * and `stream`.
 *
 * It is a real IncomingMessage, and its methods are properties of its own, because Express gives each request a
 * prototype made of IncomingMessage's.
 *
 * `headers` is the object that 'stream' listeners get, with the pseudo-headers, plus
 * - `host`, made from `:authority` (RFC 9114 4.3.1), unless the client sent it;
 * - `transfer-encoding: chunked` if there is a body of a type but without a length: body parsers written for HTTP/1.1
 *   know by it that there is a body. HTTP/3 has no such field (RFC 9114 4.2), so it can only have come from here.
 *
 * Events: 'data', 'end', 'close' and so on of a Readable; 'aborted', and 'error' (`ECONNRESET`) if anyone listens for it,
 * when the client goes away before the body is complete; 'timeout'.
 */
export class Http3ServerRequest extends IncomingMessage {
  /** The request's stream. */
  readonly stream: ServerHttp3Stream;
  readonly #body: IncomingBody;

  constructor(stream: ServerHttp3Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) {
    // A net.Socket cannot be had for a stream; this one has what is asked of a request's socket.
    super(new StreamSocket(stream) as unknown as Socket);
    const methods = Http3ServerRequest.prototype;
    this._read = methods._read;
    this._destroy = methods._destroy;
    this.stream = stream;
    this.httpVersionMajor = (stream as MessageStream)[HTTP_VERSION] ?? 3;
    this.httpVersionMinor = 0;
    this.httpVersion = this.httpVersionMajor === 3 ? '3.0' : '2.0';
    this.method = headers[':method'] ?? '';
    // CONNECT has no path: node:http gives the authority, too.
    this.url = headers[':path'] ?? headers[':authority'] ?? '';
    this.#setHeaders(headers, rawHeaders);
    this.#body = new IncomingBody(this, stream);
  }

  /** Of the request's target: `:authority`, or else the Host field. */
  get authority(): string {
    return this.headers[':authority']?.toString() ?? this.headers.host ?? '';
  }

  get scheme(): string {
    return this.headers[':scheme']?.toString() ?? 'https';
  }

  override _read(): void {
    this.#body.read();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#body.destroy(error, callback);
  }

  #setHeaders(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    const authority = headers[':authority'];
    const section = [...rawHeaders];
    if (authority !== undefined && headers.host === undefined) {
      headers.host = authority;
      section.push('host', authority);
    }
    const sized = headers['content-length'] !== undefined || headers['content-type'] === undefined;
    if (!this.stream.endAfterHeaders && !sized) headers['transfer-encoding'] = 'chunked';
    // Before `headers` is set, so that the section is kept for headersDistinct but not parsed.
    (this as unknown as HeaderSections)._addHeaderLines(section, section.length);
    this.headers = headers as IncomingMessage['headers'];
  }
}
