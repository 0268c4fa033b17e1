/** What the examples of `fetch` and of the dispatchers talk to: a site over HTTP/3, HTTP/2 and HTTP/1.1, and a resolver that knows it. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureServer, type Http3SecureServer } from '../../src/server/index.js';

const HOST = '127.0.0.1';
/** 0-RTT is refused until a server has run for so long, since it does not know what was sent to its predecessor, milliseconds. */
const ZERO_RTT_WINDOW = 1000;

export interface ExampleSite {
  readonly origin: string;
  /** Of a resolver over HTTPS (RFC 8484), which has an HTTPS record of the site. */
  readonly resolver: string;
  close(): Promise<void>;
}

export async function startExampleSite(certificate: {
  readonly key: string;
  readonly cert: string;
}): Promise<ExampleSite> {
  const options = { ...certificate, tcp: true, zeroRtt: true, zeroRttWindow: ZERO_RTT_WINDOW };
  const site = createSecureServer(options, answer);
  site.listen(0, HOST);
  await once(site, 'listening');
  const port = site.address()?.port ?? 0;
  const resolver = createServer(certificate, (request, response) => {
    void answerQuery(request, response, port);
  });
  resolver.listen(0, HOST);
  await Promise.all([once(resolver, 'listening'), sleep(2 * ZERO_RTT_WINDOW)]);
  return {
    origin: `https://localhost:${port}`,
    resolver: `https://localhost:${(resolver.address() as AddressInfo).port}/dns-query`,
    close: () => close(site, resolver),
  };
}

async function close(site: Http3SecureServer, resolver: Server): Promise<void> {
  const closed = [once(site, 'close'), once(resolver, 'close')];
  site.destroy();
  resolver.closeAllConnections();
  resolver.close();
  await Promise.all(closed);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost');
  response.setHeader('content-type', 'text/plain');
  if (pathname === '/moved') response.writeHead(302, { location: '/' }).end();
  else if (pathname === '/echo') request.pipe(response);
  else if (pathname === '/search') response.end(searchParams.get('q'));
  // /slow is never answered.
  else if (pathname !== '/slow') response.end('Hello');
}

const TYPE_HTTPS = 65;
const HEADER_LENGTH = 12;
const TTL = 300;
/** An SvcParam (RFC 9460 2.2). */
const parameter = (key: number, value: readonly number[]): number[] => [0, key, 0, value.length, ...value];
const label = (text: string): number[] => [text.length, ...Buffer.from(text)];

/** A question for HTTPS records of `_PORT._https.localhost` is answered with one; any other is not. */
async function answerQuery(request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const query = Buffer.concat(chunks);
  const name = [label(`_${port}`), label('_https'), label('localhost'), [0]].flat();
  const question = Buffer.from([...name, 0, TYPE_HTTPS, 0, 1]);
  const known = query.subarray(HEADER_LENGTH).equals(question);
  const record = Buffer.from([
    ...[0, 1, ...label('localhost'), 0],
    ...parameter(1, [...label('h3'), ...label('h2')]),
    ...parameter(3, [port >> 8, port & 0xff]),
  ]);
  // The owner's name points to the question's (RFC 1035 4.1.4).
  const head = Buffer.from([0xc0, HEADER_LENGTH, 0, TYPE_HTTPS, 0, 1, 0, 0, TTL >> 8, TTL & 0xff, 0, record.length]);
  const header = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, known ? 1 : 0, 0, 0, 0, 0]);
  const message = Buffer.concat([header, query.subarray(HEADER_LENGTH), ...(known ? [head, record] : [])]);
  response.setHeader('content-type', 'application/dns-message').end(message);
}
