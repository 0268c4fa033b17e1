import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';

const ALT_SVC = 'alt-svc';

/** What tells clients that came over TCP where HTTP/3 is (RFC 7838 3, RFC 9114 3.1.1). */
export class AlternativeService {
  /** The field's value. */
  readonly value: string;
  readonly #respond: ServerHttp2Stream['respond'];
  readonly #respondWithFile: ServerHttp2Stream['respondWithFile'];
  readonly #respondWithFD: ServerHttp2Stream['respondWithFD'];

  /** @param maxAge seconds */
  constructor(port: number, maxAge: number) {
    const value = `h3=":${port}"; ma=${maxAge}`;
    const add = (headers: OutgoingHttpHeaders | undefined): OutgoingHttpHeaders => withField(headers, value);
    this.value = value;
    this.#respond = function (this: ServerHttp2Stream, headers, options) {
      methodsOf(this).respond.call(this, add(headers), options);
    };
    this.#respondWithFile = function (this: ServerHttp2Stream, path, headers, options) {
      methodsOf(this).respondWithFile.call(this, path, add(headers), options);
    };
    this.#respondWithFD = function (this: ServerHttp2Stream, fd, headers, options) {
      methodsOf(this).respondWithFD.call(this, fd, add(headers), options);
    };
  }

  /** Adds the field to the stream's response, however that is begun, unless the response has one of its own. */
  announceOn(stream: ServerHttp2Stream): void {
    stream.respond = this.#respond;
    stream.respondWithFile = this.#respondWithFile;
    stream.respondWithFD = this.#respondWithFD;
    stream._write = respondAndWrite;
    stream._writev = respondAndWriteAll;
  }
}

function withField(headers: OutgoingHttpHeaders | undefined, value: string): OutgoingHttpHeaders {
  if (headers === undefined) return { [ALT_SVC]: value };
  for (const name of Object.keys(headers)) {
    if (name.length === ALT_SVC.length && name.toLowerCase() === ALT_SVC) return headers;
  }
  return { ...headers, [ALT_SVC]: value };
}

/** A write without `respond` begins the response; node:http2 then calls its own `respond`, not the stream's. */
function respondAndWrite(this: ServerHttp2Stream, ...write: Parameters<ServerHttp2Stream['_write']>): void {
  if (!this.headersSent) this.respond();
  methodsOf(this)._write.apply(this, write);
}

/** As {@link respondAndWrite}. */
function respondAndWriteAll(
  this: ServerHttp2Stream,
  ...write: Parameters<NonNullable<ServerHttp2Stream['_writev']>>
): void {
  if (!this.headersSent) this.respond();
  methodsOf(this)._writev?.apply(this, write);
}

/** What the stream's class has. */
function methodsOf(stream: ServerHttp2Stream): ServerHttp2Stream {
  return Object.getPrototypeOf(stream) as ServerHttp2Stream;
}
