/** Interfaces between the parts of the server. Shapes and names are those of `node:http2`'s compatibility-free API. */
import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Http3Error } from '../errors.js';

/** Options of {@link ServerHttp3Stream.respond}. */
export interface ServerResponseOptions {
  /** The response has no body: FIN goes with the headers. Default false. */
  readonly endStream?: boolean;
  /** Emit 'wantTrailers' after the last body byte instead of ending the stream. Default false. */
  readonly waitForTrailers?: boolean;
  /** Add a Date header unless there is one. Default true. */
  readonly sendDate?: boolean;
}

/** Options of respondWithFile and respondWithFD. */
export interface ServerFileResponseOptions extends ServerResponseOptions {
  /** First byte to send. Default 0. */
  readonly offset?: number;
  /** Bytes to send; -1, the default: to the end. */
  readonly length?: number;
  /** Called with the file's fs.Stats before the headers go; may add headers, or return false to cancel the response. */
  readonly statCheck?: (
    stats: import('node:fs').Stats,
    headers: OutgoingHttpHeaders,
    options: { offset: number; length: number },
  ) => boolean | undefined;
  /** respondWithFile only: called instead of destroying the stream when the file cannot be opened or is no regular file. */
  readonly onError?: (error: NodeJS.ErrnoException) => void;
}

/**
 * One request and its response: node:http2's ServerHttp2Stream. Readable: the request body. Writable: the response body.
 *
 * Events besides a Duplex's: 'trailers' (headers, flags, rawHeaders), 'wantTrailers', 'aborted', 'timeout', 'close'.
 */
export interface ServerHttp3Stream extends Duplex {
  readonly id: number;
  /** The session; in a worker a plain description of it. */
  readonly session: ServerHttp3Session | undefined;
  readonly headersSent: boolean;
  readonly sentHeaders: OutgoingHttpHeaders;
  readonly sentInfoHeaders: readonly OutgoingHttpHeaders[];
  readonly sentTrailers: OutgoingHttpHeaders | undefined;
  /** The peer went away before the response was complete. */
  readonly aborted: boolean;
  /** The request's method is HEAD: its response has no body. */
  readonly headRequest: boolean;
  /** The request had no body. */
  readonly endAfterHeaders: boolean;
  /** HTTP/3 error code the stream was closed with (RFC 9114 8.1); 0x100 (H3_NO_ERROR) normally, undefined while open. */
  readonly rstCode: number | undefined;
  /** Always false: server push is not offered. */
  readonly pushAllowed: boolean;
  /** RFC 9218 priority as the client last gave it. */
  readonly priority: { readonly urgency: number; readonly incremental: boolean };
  respond(headers?: OutgoingHttpHeaders, options?: ServerResponseOptions): void;
  respondWithFile(path: string, headers?: OutgoingHttpHeaders, options?: ServerFileResponseOptions): void;
  respondWithFD(
    fd: number | import('node:fs/promises').FileHandle,
    headers?: OutgoingHttpHeaders,
    options?: ServerFileResponseOptions,
  ): void;
  /** An interim (1xx) response. */
  additionalHeaders(headers: OutgoingHttpHeaders): void;
  /** After 'wantTrailers'. */
  sendTrailers(headers: OutgoingHttpHeaders): void;
  /** Ends both halves with an HTTP/3 error code; default H3_NO_ERROR. */
  close(code?: number, callback?: () => void): void;
  setTimeout(milliseconds: number, callback?: () => void): this;
}

/** The server's side of one HTTP/3 connection. Events: 'stream', 'close', 'error', 'timeout'. */
export interface ServerHttp3Session extends EventEmitter {
  /** 64 bits, never used again in this process group. */
  readonly id: bigint;
  /** The entry in the connection table. */
  readonly connection: Connection;
  /** A net.Socket over the virtual fd; undefined in mode 'session'. */
  readonly socket: Socket | undefined;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly closed: boolean;
  readonly destroyed: boolean;
  /** No new requests (GOAWAY), open ones finish, then the connection closes. */
  close(callback?: () => void): void;
  /** Closes at once: open streams end with `code` (default H3_NO_ERROR, or H3_INTERNAL_ERROR if there is an error). */
  destroy(error?: Error, code?: number): void;
}

/** TLS facts of a connection. */
export interface ConnectionTls {
  readonly serverName: string;
  readonly alpn: string;
  /** IANA names; '' in 0-RTT, before the handshake is complete. */
  readonly cipher: string;
  readonly group: string;
  readonly resumed: boolean;
  readonly earlyData: boolean;
}

/** What the connection table knows of a QUIC connection (see "virtual fd" in docs/server.md). */
export interface Connection {
  readonly sessionId: bigint;
  /** The virtual fd, which is its index in the connection list; -1 in mode 'session'. */
  readonly fd: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Milliseconds since the epoch. `connectTime`, `closeTime`: 0 until it happened. */
  readonly openTime: number;
  readonly connectTime: number;
  readonly closeTime: number;
  readonly lastReceiveTime: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Requests since the beginning, and open now. */
  readonly streams: number;
  readonly openStreams: number;
  readonly tls: ConnectionTls | undefined;
  readonly socket: Socket | undefined;
}

/** How a connection ended. `error` is undefined for a clean end (H3_NO_ERROR, idle timeout). */
export interface ConnectionEnd {
  /** QUIC transport or HTTP/3 error code. */
  readonly code: number;
  readonly error: Http3Error | undefined;
}

/** Called for each request. `headers` has the pseudo-headers (':method', ':path' …) as node:http2 gives them. */
export type StreamListener = (
  stream: ServerHttp3Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void;
