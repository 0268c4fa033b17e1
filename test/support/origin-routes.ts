import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateBody } from './site-files.js';

/** What all requests share. */
export interface OriginState {
  /** Requests by their `id` parameter. */
  readonly counts: Map<string, number>;
  /** Bytes of request bodies read. */
  bytesRead: number;
  /** Resolves when slow readers may read. */
  readonly released: Promise<void>;
}

interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly state: OriginState;
  /** A query parameter as a number. */
  number(name: string, fallback: number): number;
}

async function* counted(request: IncomingMessage, state: OriginState): AsyncGenerator<Buffer> {
  for await (const chunk of request as AsyncIterable<Buffer>) {
    state.bytesRead += chunk.length;
    yield chunk;
  }
}

async function echo({ request, response, state }: Visit): Promise<void> {
  response.setHeader('content-type', request.headers['content-type'] ?? 'application/octet-stream');
  await pipeline(counted(request, state), response);
}

/** Answers with the size and SHA-256 of the body. */
async function digest({ request, response, state }: Visit): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of counted(request, state)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
}

/** Reads nothing until `release` is called, then answers as /digest. */
async function slowRead(visit: Visit): Promise<void> {
  await visit.state.released;
  await digest(visit);
}

/** Sends `count` pieces of `length` bytes, `interval` milliseconds apart. */
async function slowWrite({ response, number }: Visit): Promise<void> {
  for (let piece = 0; piece < number('count', 10); piece += 1) {
    for (const block of generateBody(number('length', 1), piece)) {
      response.write(block);
    }
    await sleep(number('interval', 10));
  }
  response.end();
}

async function bytes({ response, number }: Visit): Promise<void> {
  await pipeline(Readable.from(generateBody(number('length', 0), number('seed', 0))), response);
}

async function requestHead({ request, response }: Visit): Promise<void> {
  response.setHeader('content-type', 'application/json');
  const { method, url, rawHeaders } = request;
  response.end(JSON.stringify({ method, url, headers: rawHeaders }));
}

async function status({ response, number }: Visit): Promise<void> {
  response.writeHead(number('code', 200)).end();
}

async function delay({ response, number }: Visit): Promise<void> {
  await sleep(number('ms', 100));
  response.end('late');
}

async function trailers({ response }: Visit): Promise<void> {
  response.setHeader('trailer', 'x-first, x-second');
  response.write('body');
  response.addTrailers({ 'x-first': '1', 'x-second': 'two' });
  response.end();
}

async function earlyHints({ response }: Visit): Promise<void> {
  response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  response.end('final');
}

/** Breaks off after `after` bytes of a body that was to be twice as long. */
async function abort({ response, number }: Visit): Promise<void> {
  const after = number('after', 1000);
  response.setHeader('content-length', 2 * after);
  for (const block of generateBody(after)) {
    response.write(block);
  }
  response.write('', () => response.socket?.destroySoon());
}

const ROUTES: Readonly<Record<string, (visit: Visit) => Promise<void>>> = {
  '/echo': echo,
  '/digest': digest,
  '/slow-read': slowRead,
  '/slow-write': slowWrite,
  '/bytes': bytes,
  '/request-head': requestHead,
  '/status': status,
  '/delay': delay,
  '/trailers': trailers,
  '/early-hints': earlyHints,
  '/abort': abort,
};

/** Answers one request; 404 for a path that is not known. */
export async function answer(request: IncomingMessage, response: ServerResponse, state: OriginState): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://origin');
  const id = url.searchParams.get('id');
  if (id !== null) {
    state.counts.set(id, (state.counts.get(id) ?? 0) + 1);
  }
  const route = ROUTES[url.pathname];
  if (route === undefined) {
    response.writeHead(404).end();
    return;
  }
  const number = (name: string, fallback: number) => Number(url.searchParams.get(name) ?? fallback);
  await route({ request, response, state, number });
}
