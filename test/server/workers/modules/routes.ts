/** Worker module: routes for the tests, on the stream API. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import type { ServerHttp3Stream } from '../../../../src/server/server-types.js';

type Route = (stream: ServerHttp3Stream, headers: IncomingHttpHeaders, query: URLSearchParams) => void;

/** What happened to streams of this worker, newest last; `/log` tells it. */
const log: string[] = [];

const routes: Record<string, Route> = {
  '/thread': (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(String(threadId));
  },
  '/hold': (stream, headers) => {
    if (headers['x-respond'] === 'yes') {
      stream.respond({ ':status': 200 });
      stream.write('begun');
    }
    if (headers['x-fill'] === 'yes') {
      stream.respond({ ':status': 200 });
      stream.write(Buffer.alloc(1024 * 1024), (error) => log.push(`write ${(error as NodeJS.ErrnoException).code}`));
    }
    stream.on('aborted', () => log.push('aborted'));
    stream.on('close', () => log.push(`close ${stream.rstCode}`));
  },
  '/log': (stream) => {
    stream.respond();
    stream.end(log.join());
  },
  '/echo': (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
    stream.pipe(stream);
  },
  '/ignore': (stream) => {
    stream.respond({ ':status': 403 }, { endStream: true });
  },
  '/late-reader': (stream) => {
    let bytes = 0;
    setTimeout(() => stream.on('data', (chunk: Buffer) => (bytes += chunk.length)), 100);
    stream.on('end', () => {
      stream.respond();
      stream.end(String(bytes));
    });
  },
  '/send': (stream, _headers, query) => void sendPattern(stream, Number(query.get('bytes'))),
  '/headers': (stream, headers) => {
    stream.respond({ ':status': 200, 'x-list': ['a', 'b'], 'set-cookie': ['c=1', 'd=2'] });
    stream.end(JSON.stringify(headers));
  },
  '/early-hints': (stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</a.css>' });
    stream.respond({ ':status': 204 });
  },
  '/trailers': (stream) => {
    const received: string[] = [];
    stream.on('trailers', (trailers: IncomingHttpHeaders) => received.push(String(trailers['x-sum'])));
    stream.on('data', () => undefined);
    stream.on('end', () => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-received': received.join() }));
      stream.end('body');
    });
  },
  '/reset': (stream) => stream.close(0x10c),
  '/session': (stream) => {
    const { session } = stream;
    stream.respond();
    const tls = session?.connection.tls;
    stream.end(
      [
        session?.id,
        session?.remoteAddress,
        session?.remotePort,
        session?.connection.fd,
        tls?.cipher,
        session?.socket,
      ].join(),
    );
  },
  '/destroy-session': (stream) => stream.session?.destroy(new Error('go away'), 0x107),
  '/throw': () => {
    throw new Error('thrown by the handler');
  },
  '/throw-later': (stream) => {
    stream.respond();
    stream.write('begun');
    setTimeout(() => {
      throw new Error('thrown later');
    }, 50);
  },
  '/exit': (stream) => {
    stream.respond();
    stream.end('last words');
    setImmediate(() => process.exit(3));
  },
  '/exhaust-memory': () => {
    const kept: number[][] = [];
    for (;;) kept.push(new Array<number>(1024 * 1024).fill(1));
  },
};

/** Byte n of the pattern is n modulo 251. */
async function sendPattern(stream: ServerHttp3Stream, bytes: number): Promise<void> {
  stream.respond({ ':status': 200 });
  const block = Buffer.from(Array.from({ length: 251 * 400 }, (_, index) => index % 251));
  let writes = 0;
  for (let sent = 0; sent < bytes; ) {
    const chunk = block.subarray(0, Math.min(block.length, bytes - sent));
    sent += chunk.length;
    writes += 1;
    if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
    if (writes % 64 === 0) await delay(0);
  }
  stream.end();
}

export function stream(stream: ServerHttp3Stream, headers: IncomingHttpHeaders): void {
  const url = new URL(headers[':path'] ?? '/', 'https://localhost');
  const route = routes[url.pathname];
  if (route !== undefined) route(stream, headers, url.searchParams);
  else stream.respond({ ':status': 404 } satisfies OutgoingHttpHeaders, { endStream: true });
}
