import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { ServerHttp3Stream } from '../../src/server/server-types.js';
import { patternBytes, patternDigest } from '../support/pattern.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { serve } from './support/served.js';

const LARGE = 10 * 1024 * 1024;
const CHUNK = 60_001;

/** Writes the pattern with back-pressure. */
async function writePattern(stream: ServerHttp3Stream, length: number): Promise<void> {
  const pattern = patternBytes(length);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let offset = 0; offset < length; offset += CHUNK) yield pattern.subarray(offset, offset + CHUNK);
  }
  await pipeline(chunks, stream);
}

describe('bodies arrive byte for byte', () => {
  it('a download of 10 MiB', async () => {
    const { connect } = await serve({}, (stream) => void writePattern(stream, LARGE));
    expect(await fetchBytes(connect())).toMatchObject({ ...patternDigest(LARGE), error: undefined });
  });

  it('a download of 10 MiB in one write', async () => {
    const { connect } = await serve({}, (stream) => {
      stream.respond({ 'content-length': LARGE });
      stream.end(patternBytes(LARGE));
    });
    expect(await fetchBytes(connect())).toMatchObject({ ...patternDigest(LARGE), error: undefined });
  });

  it('an echo of 10 MiB', async () => {
    const { connect } = await serve({}, (stream) => {
      stream.respond();
      stream.pipe(stream);
    });
    const settled = await fetchBytes(connect(), { ':method': 'POST' }, { body: patternBytes(LARGE) });
    expect(settled).toMatchObject({ ...patternDigest(LARGE), error: undefined });
  });

  it('many echoes at once', async () => {
    const { connect } = await serve({}, (stream) => void stream.pipe(stream));
    const session = connect();
    const sizes = Array.from({ length: 40 }, (_, index) => index * 5003);
    const settled = await Promise.all(
      sizes.map((size) => fetchBytes(session, { ':method': 'POST' }, { body: patternBytes(size) })),
    );
    expect(settled.map(({ bytes, sha256 }) => ({ bytes, sha256 }))).toEqual(sizes.map(patternDigest));
  });

  it('an upload that the handler reads by iterating', async () => {
    const { connect } = await serve({}, async (stream) => {
      let length = 0;
      for await (const chunk of stream) length += (chunk as Buffer).length;
      stream.end(String(length));
    });
    const { body } = await fetchBytes(connect(), { ':method': 'POST' }, { body: patternBytes(LARGE) });
    expect(body.toString()).toBe(String(LARGE));
  });
});

describe('back-pressure', () => {
  it('a handler that does not read stops its client, and nobody else', async () => {
    let held: ServerHttp3Stream | undefined;
    const { connect } = await serve({}, (stream, headers) => {
      if (headers[':method'] === 'POST') held = stream;
      else stream.end('other');
    });
    const session = connect();
    const upload = session.request({ ':method': 'POST' });
    const settled = settle(upload);
    const pattern = patternBytes(LARGE);
    upload.end(pattern);
    for (let count = 0; count < 20; count += 1) expect((await fetchBytes(session)).body.toString()).toBe('other');
    expect(held?.readableLength).toBe(0);
    // The stream's window, and what the client's send buffer takes.
    expect(upload.bytesWritten).toBeLessThan(4 * 1024 * 1024);
    held?.pipe(held);
    expect(await settled).toMatchObject({ ...patternDigest(LARGE), error: undefined });
  });

  it('a client that does not read stops the handler', async () => {
    let written = 0;
    let held: ServerHttp3Stream | undefined;
    const { connect } = await serve({}, (stream, headers) => {
      if (headers[':path'] === '/other') {
        stream.end('other');
        return;
      }
      held = stream;
      const pattern = patternBytes(CHUNK);
      const more = (): void => {
        while (written < 1000) {
          written += 1;
          if (!stream.write(pattern)) {
            stream.once('drain', more);
            return;
          }
        }
        stream.end();
      };
      more();
    });
    const session = connect();
    const download = session.request();
    await new Promise((resolve) => download.once('response', resolve));
    for (let count = 0; count < 50; count += 1) {
      expect((await fetchBytes(session, { ':path': '/other' })).body.toString()).toBe('other');
    }
    expect(written).toBeLessThan(1000);
    expect(held?.writableLength).toBeGreaterThan(0);
    expect((await settle(download)).bytes).toBe(1000 * CHUNK);
  });

  it('a response to an upload that nobody reads is complete, and ends the upload', async () => {
    const { connect } = await serve({}, (stream) => {
      stream.respond({ ':status': 413 });
      stream.end('too large');
    });
    const { headers, body, error } = await fetchBytes(connect(), { ':method': 'POST' }, { body: patternBytes(LARGE) });
    expect([headers?.[':status'], body.toString(), error]).toEqual([413, 'too large', undefined]);
  });
});
