import { createHash } from 'node:crypto';
import type { Http3ServerStream } from '../../../src/server/index.js';
import { patternBytes } from '../../support/pattern.js';

/** What `/who` answers. */
export interface Who {
  readonly pid: number;
  readonly sessionId: string;
  readonly resumed: boolean;
}

/** Serves: `/who`, `/bytes?length=N`, `POST /digest` (bytes and sha256 of the body), and `/hold`, which never ends. */
export function onStream(stream: Http3ServerStream, headers: Readonly<Record<string, unknown>>): void {
  const url = new URL(String(headers[':path']), 'https://localhost');
  if (url.pathname === '/who') {
    const connection = stream.session?.connection;
    const who: Who = {
      pid: process.pid,
      sessionId: String(connection?.sessionId),
      resumed: connection?.tls?.resumed ?? false,
    };
    stream.respond({ ':status': 200 });
    stream.end(JSON.stringify(who));
  } else if (url.pathname === '/digest') {
    const hash = createHash('sha256');
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
    });
  } else {
    stream.respond({ ':status': 200 });
    if (url.pathname === '/bytes') stream.end(patternBytes(Number(url.searchParams.get('length'))));
    else stream.write('held');
  }
}
