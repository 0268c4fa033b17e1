import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { onTestFinished } from 'vitest';
import type { Http3AgentOptions } from '../../../src/client/dispatcher/agent-options.js';
import type { ResponseConnectionInfo } from '../../../src/client/dispatcher/connection-info.js';
import { Http3Agent } from '../../../src/client/dispatcher/http3-agent.js';
import { serve, testIdentity } from '../../server/support/served.js';
import { ImpairmentProxy } from '../../support/impairment-proxy.js';

/** A request as the server saw it. */
export interface SeenRequest {
  readonly id: string;
  /** `3.0`, `2.0` or `1.1`. */
  readonly httpVersion: string;
  readonly method: string;
  readonly altUsed: string | undefined;
  /** SHA-256 of the body, hex; undefined until it was read to its end. */
  bodyHash: string | undefined;
}

/** What came back. */
export interface Answered {
  readonly status: number;
  /** The version that the server saw. */
  readonly version: string;
  readonly info: ResponseConnectionInfo | undefined;
}

/** A server that says which protocol each request came by, and counts them. */
export interface ChoicePeer {
  readonly origin: string;
  readonly port: number;
  readonly ca: string;
  /** In the order of arrival. */
  readonly seen: readonly SeenRequest[];
  /** Alt-Svc of the responses; undefined: the server's own, which names its own port. */
  altSvc: string | undefined;
  /** Begins to count anew. */
  forget(): void;
  /** Makes an agent, which ends with the test. */
  makeAgent(options?: Http3AgentOptions): Http3Agent;
  /** A UDP path to the server with another port, which ends with the test. */
  udpPath(delayMs?: number): Promise<ImpairmentProxy>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Serves HTTP/3, HTTP/2 and HTTP/1.1 on one loopback port.
 *
 * @param options `http3: false` for a server of the others only
 */
export async function serveChoices(
  answer: Answer = (_request, response) => response.end('hello'),
  { http3 = true } = {},
): Promise<ChoicePeer> {
  const { server, origin, port, ca } = http3
    ? await serve({ tcp: true, zeroRtt: true, zeroRttWindow: 100 })
    : await serveOverTcp();
  const seen: SeenRequest[] = [];
  server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
    const entry: SeenRequest = {
      id: incoming.url ?? '',
      httpVersion: incoming.httpVersion,
      method: incoming.method ?? '',
      altUsed: incoming.headers['alt-used'] as string | undefined,
      bodyHash: undefined,
    };
    seen.push(entry);
    response.setHeader('x-version', incoming.httpVersion);
    if (peer.altSvc !== undefined) response.setHeader('alt-svc', peer.altSvc);
    const hash = createHash('sha256');
    incoming.on('data', (chunk: Buffer) => hash.update(chunk));
    incoming.on('error', () => undefined);
    incoming.on('end', () => {
      entry.bodyHash = hash.digest('hex');
      answer(incoming, response);
    });
  });
  const peer: ChoicePeer = {
    origin,
    port,
    ca,
    seen,
    altSvc: undefined,
    forget: () => seen.splice(0),
    makeAgent: (options = {}) => {
      const agent = new Http3Agent({ connect: { ca }, allowH2: true, ...options });
      // Hooks run last first: agents end before the server.
      onTestFinished(() => agent.destroy());
      return agent;
    },
    udpPath: async (delayMs = 0) => {
      const proxy = await ImpairmentProxy.start({
        target: { host: '127.0.0.1', port },
        seed: 1,
        up: { delayMs },
        down: { delayMs },
      });
      onTestFinished(() => proxy.close());
      return proxy;
    },
  };
  return peer;
}

/** A server that has no HTTP/3. */
async function serveOverTcp(): Promise<{ server: Http2SecureServer; origin: string; port: number; ca: string }> {
  const { ca, certificate } = await testIdentity();
  const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem, allowHTTP1: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { server, origin: `https://127.0.0.1:${port}`, port, ca };
}

/** Sends a request and reads its response. */
export async function ask(
  agent: Dispatcher,
  url: string,
  options: {
    readonly method?: string;
    readonly body?: string | Buffer | Readable | AsyncIterable<Uint8Array>;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<Answered> {
  let info: ResponseConnectionInfo | undefined;
  const ours = {
    onConnectionInfo: (found: ResponseConnectionInfo) => {
      info = found;
    },
  };
  const { statusCode, headers, body } = await request(url, {
    dispatcher: agent,
    method: options.method ?? 'GET',
    headers: options.headers ?? {},
    // undici takes iterables, which its types do not say.
    body: (options.body ?? null) as Readable | null,
    ...ours,
  });
  await body.dump();
  return { status: statusCode, version: String(headers['x-version']), info };
}
