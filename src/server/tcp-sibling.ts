import { X509Certificate } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import { parseCertificates } from '../session/trust-anchors.js';
import { AlternativeService } from './alternative-service.js';
import { HTTP_VERSION } from './compat/stream-messages.js';
import type { CredentialOptions } from './credentials.js';
import type { SniCallback } from './server-options.js';
import type { TcpOptions } from './tcp-options.js';

const NOT_SUPPORTED = 505;
const EXPECTATION_FAILED = 417;
const FIRST_LABEL = /^[^.]+/;

/**
 * HTTP/2 and HTTP/1.1 over TCP beside an HTTP/3 server, on the port of the same number, so that browsers find HTTP/3: each
 * response gets an Alt-Svc field unless it has one of its own.
 *
 * What comes in is emitted by the HTTP/3 server itself: 'stream' for HTTP/2, whose streams have the API of ours (and so
 * 'request' by the same way as for HTTP/3, or a worker); 'request', 'checkContinue' and 'checkExpectation', with node:http's
 * objects, for HTTP/1.1. Without a listener for 'request', HTTP/1.1 gets 505. Errors after `listen` are emitted as 'error'.
 */
export class TcpSibling {
  /** node's server; for what only TCP has, such as 'upgrade' to WebSocket over HTTP/1.1. */
  readonly server: Http2SecureServer & Pick<HttpServer, 'closeIdleConnections'>;
  readonly #target: EventEmitter;
  readonly #options: Required<TcpOptions>;
  readonly #sniCallback: SniCallback | undefined;
  /** By host name in lower case, '*.' for any one label. */
  readonly #hosts = new Map<string, SecureContext>();
  /** What SNICallback gave: the same object is read once. */
  readonly #contexts = new WeakMap<CredentialOptions, SecureContext>();
  readonly #sockets = new Set<Socket>();
  /** By the client's address and port: TCP's socket until the TLS handshake is complete; then that of TLS, for HTTP/1.1. */
  readonly #withoutSession = new Map<string, Socket | TLSSocket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #service: AlternativeService | undefined;
  #closing = false;

  /**
   * @param target the HTTP/3 server
   * @param credentials of all hosts that have none of their own
   * @throws Error of node's tls for credentials that it cannot use
   */
  constructor(
    target: EventEmitter,
    options: Required<TcpOptions>,
    credentials: CredentialOptions | undefined,
    sniCallback: SniCallback | undefined,
  ) {
    this.#target = target;
    this.#options = options;
    this.#sniCallback = sniCallback;
    // The types leave out what it takes from node:http's server.
    this.server = createSecureServer({
      ...(credentials !== undefined && secureContextOptions(credentials)),
      // Given one, node's tls would not look at its own added contexts any more.
      SNICallback: (name: string, answer: ContextAnswer) => this.#findContext(name, answer),
      allowHTTP1: options.allowHTTP1,
    }) as Http2SecureServer & HttpServer;
    this.#listen();
  }

  /**
   * Takes connections on a TCP port.
   *
   * @param port as the HTTP/3 server's: it is the one that Alt-Svc names
   * @returns settles when it listens
   * @throws Error EADDRINUSE, EACCES …
   */
  listen(port: number, host: string, ipv6Only = false): Promise<void> {
    this.#service = new AlternativeService(port, this.#options.altSvcMaxAge);
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port, host, ipv6Only }, () => {
        this.server.off('error', reject);
        this.server.on('error', (error) => this.#target.emit('error', error));
        resolve();
      });
    });
  }

  /** Another certificate for all hosts that have none of their own, from the next handshake on. */
  setCredentials(credentials: CredentialOptions): void {
    this.server.setSecureContext(secureContextOptions(credentials));
  }

  /** The certificate for a host ('example.org', '*.example.org'), from the next handshake on. */
  addContext(hostname: string, credentials: CredentialOptions): void {
    this.#hosts.set(hostname.toLowerCase(), createSecureContext(secureContextOptions(credentials)));
  }

  ref(): void {
    this.server.ref();
  }

  unref(): void {
    this.server.unref();
  }

  /**
   * Takes no more connections; settles when the open requests are answered and all connections closed. Those that asked for
   * nothing yet are broken off: node waits two minutes for a handshake, and one for a first request over HTTP/1.1.
   */
  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      // The error says that it was not listening: closed it is in any case.
      this.server.close(() => resolve());
      for (const session of this.#sessions) session.close();
      this.server.closeIdleConnections();
      for (const socket of this.#withoutSession.values()) {
        if (!(socket instanceof TLSSocket && socket.bytesRead > 0)) socket.destroy();
      }
    });
  }

  /** Ends all connections at once; it goes on listening. */
  closeAllConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends everything at once. */
  destroy(): void {
    void this.close();
    this.closeAllConnections();
  }

  #listen(): void {
    const { server } = this;
    server.on('request', (request, response) => this.#onHttp1Request(request, response));
    server.on('checkContinue', (request, response) => this.#onContinue(request, response));
    server.on('checkExpectation', (request, response) => this.#onExpectation(request, response));
    // With a listener for 'request' node:http2 listens for streams, to make requests of them; ours does that.
    server.removeAllListeners('stream');
    server.on('stream', (stream, headers, flags, rawHeaders?: string[]) => {
      this.#onHttp2Stream(stream, headers, flags, rawHeaders ?? []);
    });
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    server.on('connection', (socket: Socket) => {
      const client = clientOf(socket);
      this.#sockets.add(socket);
      this.#withoutSession.set(client, socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#withoutSession.delete(client);
      });
    });
    server.on('secureConnection', (socket) => {
      const client = clientOf(socket);
      if (socket.alpnProtocol === 'h2') this.#withoutSession.delete(client);
      else if (this.#withoutSession.has(client)) this.#withoutSession.set(client, socket);
    });
  }

  #onHttp2Stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]): void {
    Object.assign(stream, { [HTTP_VERSION]: 2 });
    this.#service?.announceOn(stream);
    if (!this.#target.emit('stream', stream, headers, flags, rawHeaders))
      stream.respond({ ':status': NOT_SUPPORTED }, { endStream: true });
  }

  #onHttp1Request(request: Request, response: Response): void {
    this.#prepare(response);
    if (!this.#target.emit('request', request, response)) end(response, NOT_SUPPORTED);
  }

  #onContinue(request: Request, response: Response): void {
    this.#prepare(response);
    if (this.#target.emit('checkContinue', request, response)) return;
    response.writeContinue();
    if (!this.#target.emit('request', request, response)) end(response, NOT_SUPPORTED);
  }

  #onExpectation(request: Request, response: Response): void {
    this.#prepare(response);
    if (!this.#target.emit('checkExpectation', request, response)) end(response, EXPECTATION_FAILED);
  }

  #prepare(response: Response): void {
    if (this.#service !== undefined) response.setHeader('alt-svc', this.#service.value);
    // Kept alive, it would hold up `close`.
    response.once('close', () => {
      if (this.#closing) this.server.closeIdleConnections();
    });
  }

  /** Added hosts first, then SNICallback, as for HTTP/3. */
  #findContext(name: string, answer: ContextAnswer): void {
    const host = name.toLowerCase();
    const added = this.#hosts.get(host) ?? this.#hosts.get(host.replace(FIRST_LABEL, '*'));
    if (added !== undefined || this.#sniCallback === undefined) {
      answer(null, added);
      return;
    }
    this.#sniCallback(name, (error, credentials) => {
      if (error !== null || credentials === undefined) {
        answer(error);
        return;
      }
      let context = this.#contexts.get(credentials);
      try {
        context ??= createSecureContext(secureContextOptions(credentials));
      } catch (thrown) {
        answer(thrown as Error);
        return;
      }
      this.#contexts.set(credentials, context);
      answer(null, context);
    });
  }
}

/** Typed for HTTP/2 as well, which does not come this way. */
type Request = Http2ServerRequest | IncomingMessage;
type Response = Http2ServerResponse | ServerResponse;
type ContextAnswer = (error: Error | null, context?: SecureContext) => void;

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function end(response: Response, status: number): void {
  response.statusCode = status;
  response.end();
}

/** Node's tls takes several certificates for those of several keys; ours are one chain. */
function secureContextOptions({ cert, key, passphrase }: CredentialOptions): SecureContextOptions {
  const inputs = Array.isArray(cert) ? cert : [cert];
  const chain = inputs.flatMap((input) => parseCertificates(input, 'cert'));
  const keys = Array.isArray(key) ? key : [key];
  return {
    cert: chain.map((der) => new X509Certificate(der).toString()).join(''),
    key: keys as Exclude<SecureContextOptions['key'], undefined>,
    ...(passphrase !== undefined && { passphrase }),
  };
}
