import type { ReadableStream } from 'node:stream/web';
import { onTestFinished } from 'vitest';
import type { ServerOptions, WebTransportRequest } from '../../../../src/server/index.js';
import { WebTransport, type WebTransportOptions } from '../../../../src/webtransport.js';
import { type Served, serve } from '../../../server/support/served.js';

/** The error of a WebTransport object and, in `cause`, ours. */
export interface TransportFailure {
  readonly name: string;
  readonly source: unknown;
  readonly message: string;
  /** `code` of the cause. */
  readonly code: unknown;
  readonly errorCode: unknown;
}

/** Opens a session that is closed when the test ends. */
export function openTransport(url: string, ca: string, options: WebTransportOptions = {}): WebTransport {
  const transport = new WebTransport(url, { ...options, connection: { ca, ...options.connection } });
  // Tests look at what they are about; nothing else may be an unhandled rejection.
  const ended = transport.closed.catch(() => undefined);
  onTestFinished(async () => {
    transport.close();
    await ended;
  });
  return transport;
}

/** A server for WebTransport that ends with the test, and how to open sessions there. */
export interface ServedTransports extends Served {
  open(path?: string, options?: WebTransportOptions): WebTransport;
}

/** @param onRequest default: every session is accepted, and nothing is done with it */
export async function serveTransports(
  onRequest: (request: WebTransportRequest) => void = (request) => void request.accept().closed.catch(() => undefined),
  options: ServerOptions = {},
): Promise<ServedTransports> {
  const served = await serve({ webTransport: true, ...options });
  served.server.on('webtransport', onRequest);
  return {
    ...served,
    open: (path = '/', transportOptions = {}) => openTransport(`${served.origin}${path}`, served.ca, transportOptions),
  };
}

/** Waits for a promise to reject. @throws Error if it is fulfilled */
export async function failureOf(promise: Promise<unknown>): Promise<TransportFailure> {
  const error = await promise.then(
    () => {
      throw new Error('fulfilled, though it should have been rejected');
    },
    (reason: unknown) => reason as Error & { source?: unknown },
  );
  const { code, errorCode } = (error.cause ?? {}) as { code?: unknown; errorCode?: unknown };
  return { name: error.name, source: error.source, message: error.message, code, errorCode };
}

/** All bytes of a readable stream. */
export async function bytesOf(readable: ReadableStream | undefined): Promise<Buffer> {
  if (readable === undefined) throw new Error('there is no stream');
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return Buffer.concat(chunks);
}
