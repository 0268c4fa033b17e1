import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Http3SecureServer } from '../../../src/server/index.js';
import { patternBytes } from '../../support/pattern.js';

export const TEN_MIB = 10 * 2 ** 20;
const PIECE = 50_000;

/** Whole pieces of the pattern, the last one shorter: not at once in memory. */
function* pattern(length: number): Generator<Buffer> {
  const period = patternBytes(PIECE + 251);
  for (let offset = 0; offset < length; offset += PIECE) {
    const first = offset % 251;
    yield period.subarray(first, first + Math.min(PIECE, length - offset));
  }
}

/**
 * Serves `GET /N`: N bytes of the pattern; `POST /digest`: size and SHA-256 of the request's body as JSON; `POST /echo`: that body.
 */
export function serveTransfers(server: Http3SecureServer): void {
  server.on('request', async (request, response) => {
    const { method, url = '' } = request;
    if (method === 'GET') {
      const length = Number(url.slice(1));
      response.setHeader('content-length', length);
      await pipeline(Readable.from(pattern(length)), response);
    } else if (url === '/echo') {
      await pipeline(request, response);
    } else {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
    }
  });
}
