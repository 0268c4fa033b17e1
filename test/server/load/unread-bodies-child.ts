/** The server of `unread-bodies.test.ts`: handlers that leave their bodies alone, and say what came of it. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createSecureServer, type Http3SecureServer, type ServerOptions } from '../../../src/server/index.js';
import { ResidentSampler, residentBytes } from '../../support/memory.js';
import { patternBytes } from '../../support/pattern.js';
import { serveChildModule } from '../../support/serve-child-module.js';

/** Which of the server's two ways to write a handler is used. */
export type HandlerApi = 'stream' | 'compat';

export interface UnreadBodiesInit {
  readonly api: HandlerApi;
  readonly options: ServerOptions;
}

/** What the handler of a download saw. */
export interface DownloadProgress {
  readonly written: number;
  /** Times that `write` returned false. */
  readonly refused: number;
  readonly drained: number;
}

export interface UnreadBodiesFunctions {
  readonly port: () => number;
  readonly watchMemory: () => Promise<void>;
  /** By how many bytes the resident set was larger, at most, than when `watchMemory` was called. */
  readonly growth: () => number;
  /** The upload that was left alone is read now. */
  readonly readUpload: () => void;
  readonly download: () => DownloadProgress;
}

const PERIOD = 251;
const PIECE = 64 * 1024;

serveChildModule<UnreadBodiesInit, UnreadBodiesFunctions>(async ({ api, options }) => {
  const pattern = patternBytes(PIECE + PERIOD);
  let [written, refused, drained] = [0, 0, 0];
  let readUpload = (): void => undefined;
  let sampler: ResidentSampler | undefined;

  async function upload(body: Readable, response: Writable): Promise<void> {
    await new Promise<void>((resolve) => {
      readUpload = resolve;
    });
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    response.end(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
  }

  async function download(length: number, response: Writable): Promise<void> {
    while (written < length) {
      const start = written % PERIOD;
      const piece = pattern.subarray(start, start + Math.min(PIECE, length - written));
      written += piece.length;
      if (response.write(piece)) continue;
      refused += 1;
      await once(response, 'drain');
      drained += 1;
    }
    response.end();
  }

  async function handle(path: string, body: Readable, response: Writable): Promise<void> {
    const [, name, length] = path.split('/');
    if (name === 'upload') await upload(body, response);
    else if (name === 'download') await download(Number(length), response);
    else response.end('at once');
  }

  const server = listeningServer();
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');

  function listeningServer(): Http3SecureServer {
    if (api === 'compat') {
      return createSecureServer(options, (request, response) => void handle(request.url ?? '', request, response));
    }
    return createSecureServer(options).on('stream', (stream, headers) => {
      stream.respond({ ':status': 200 });
      void handle(String(headers[':path']), stream, stream);
    });
  }

  return {
    port: () => server.address()?.port ?? 0,
    watchMemory: async () => {
      await residentBytes();
      sampler = new ResidentSampler();
    },
    growth: () => {
      sampler?.stop();
      return sampler?.growthBytes ?? 0;
    },
    readUpload: () => readUpload(),
    download: () => ({ written, refused, drained }),
  };
});
