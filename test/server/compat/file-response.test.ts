import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { respondWithFD, respondWithFile } from '../../../src/server/file-response.js';
import type { ServerFileResponseOptions, ServerHttp3Stream, StreamListener } from '../../../src/server/server-types.js';
import type { Settlement } from '../../support/settlement.js';
import { bodySha256, generateBody, writeSiteFile } from '../../support/site-files.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { waitUntil } from '../../support/wait-until.js';
import { settleStream } from './http2-peer.js';
import { PEERS } from './peers.js';

const MIB = 1024 * 1024;
const SIZE = 300_000;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = join(directory, 'file');
  await writeSiteFile(directory, 'file', SIZE);
});

/** Descriptors of this process that are open on the test's file. */
function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
    } catch {
      // Closed meanwhile.
      return false;
    }
  }).length;
}

describe.each(PEERS)('a file on streams of %s', (_name, open) => {
  async function answer(listener: StreamListener, headers: Record<string, string> = {}): Promise<Settlement> {
    const peer = await open(listener);
    return peer.fetch(headers);
  }

  function file(options?: ServerFileResponseOptions, name = path): StreamListener {
    return (stream) => {
      stream.on('error', () => {});
      respondWithFile(stream, name, { 'content-type': 'x/y' }, options);
    };
  }

  it.each([0, 1, 1000, 256 * 1024, 256 * 1024 + 1, 10 * MIB])('of %i bytes arrives byte for byte', async (size) => {
    await writeSiteFile(directory, 'file', size);
    const settled = await answer(file());
    expect(settled.headers).toMatchObject({
      ':status': 200,
      'content-type': 'x/y',
      'content-length': String(size),
      date: expect.stringMatching(/GMT$/) as string,
    });
    expect(settled).toMatchObject({ bytes: size, sha256: bodySha256(size), error: undefined });
    await waitUntil('the file to be closed', () => openDescriptors() === 0);
  });

  it('is not mixed up with others that are sent at the same time', async () => {
    const sizes = Array.from({ length: 20 }, (_, index) => 200_000 * index + index);
    await Promise.all(sizes.map((size, index) => writeSiteFile(directory, String(index), size, index)));
    const peer = await open((stream, headers) => {
      respondWithFile(stream, join(directory, headers[':path'] ?? ''));
    });
    const answers = await Promise.all(sizes.map((_size, index) => peer.fetch({ ':path': `/${index}` })));
    expect(answers.map(({ sha256 }) => sha256)).toEqual(sizes.map((size, index) => bodySha256(size, index)));
    await waitUntil('the files to be closed', () => openDescriptors() === 0);
  });

  it.each<[string, ServerFileResponseOptions, start: number, end: number]>([
    ['an offset', { offset: 1000 }, 1000, SIZE],
    ['a length', { length: 7 }, 0, 7],
    ['both', { offset: 100_000, length: 150_000 }, 100_000, 250_000],
    ['more than there is', { offset: SIZE - 5, length: 100 }, SIZE - 5, SIZE],
    ['its very end', { offset: SIZE }, SIZE, SIZE],
    ['no length', { length: -1 }, 0, SIZE],
    ['nothing', { length: 0 }, 0, 0],
  ])('is sent in part: %s', async (_part, options, start, end) => {
    const whole = Buffer.concat([...generateBody(SIZE)]);
    const settled = await answer(file(options));
    expect(settled.headers?.['content-length']).toBe(String(end - start));
    expect(settled.body.equals(whole.subarray(start, end))).toBe(true);
  });

  it('asks statCheck, which adds headers, chooses the part or cancels', async () => {
    const chosen = await answer(
      file({
        statCheck: (stats, headers, part) => {
          headers['last-modified'] = stats.mtime.toUTCString();
          headers[':status'] = 206;
          part.offset = 10;
          part.length = 20;
          return undefined;
        },
      }),
    );
    expect(chosen.headers).toMatchObject({ ':status': 206, 'content-length': '20' });
    expect(chosen.headers).toHaveProperty('last-modified');
    expect(chosen.bytes).toBe(20);
    const cancelled = await answer((stream) => {
      const statCheck = (): boolean => {
        stream.respond({ ':status': 304 }, { endStream: true });
        return false;
      };
      respondWithFile(stream, path, {}, { statCheck });
    });
    expect(cancelled.headers?.[':status']).toBe(304);
    await waitUntil('the file to be closed', () => openDescriptors() === 0);
  });

  it('has headers alone for HEAD', async () => {
    const settled = await answer(file(), { ':method': 'HEAD' });
    expect(settled.headers).toMatchObject({ ':status': 200, 'content-length': String(SIZE) });
    expect(settled.bytes).toBe(0);
  });

  it('has trailers', async () => {
    for (const length of [7, 0]) {
      const settled = await answer((stream) => {
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }));
        respondWithFile(stream, path, {}, { waitForTrailers: true, length });
      });
      expect(settled.bytes).toBe(length);
      expect(settled.trailers).toMatchObject({ 'x-sum': '1' });
    }
  });

  it.each<[string, () => string, ServerFileResponseOptions, code: string]>([
    ['is missing', () => join(directory, 'none'), {}, 'ENOENT'],
    ['is a directory', () => directory, {}, 'EISDIR'],
    ['is shorter than the offset', () => path, { offset: SIZE + 1 }, 'ERR_OUT_OF_RANGE'],
  ])('that %s is reported to onError, or ends the stream', async (_what, name, options, code) => {
    const told = await answer((stream) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        stream.respond({ ':status': 404, 'x-code': error.code });
        stream.end();
      };
      respondWithFile(stream, name(), {}, { ...options, onError });
    });
    expect(told.headers).toMatchObject({ ':status': 404, 'x-code': code });
    let failure: NodeJS.ErrnoException | undefined;
    const untold = await answer((stream) => {
      stream.on('error', (error) => {
        failure = error;
      });
      respondWithFile(stream, name(), {}, options);
    });
    expect(untold.headers).toBeUndefined();
    expect(failure?.code).toBe(code);
    await waitUntil('the file to be closed', () => openDescriptors() === 0);
  });

  it('that shrinks while it is sent resets the stream', async () => {
    await writeSiteFile(directory, 'file', 32 * MIB);
    let failure: NodeJS.ErrnoException | undefined;
    const peer = await open((stream) => {
      stream.on('error', (error) => {
        failure = error;
      });
      respondWithFile(stream, path);
    });
    const stream = peer.request();
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('response', resolve));
    truncateSync(path, 1000);
    const { bytes, events } = await settleStream(stream);
    expect(bytes).toBeLessThan(32 * MIB);
    expect(failure?.code).toBe('ERR_HTTP3_FILE_TRUNCATED');
    expect(events).toContain('close');
    await waitUntil('the file to be closed', () => openDescriptors() === 0);
  });

  it('is closed when the client goes away', async () => {
    await writeSiteFile(directory, 'file', 64 * MIB);
    let served: ServerHttp3Stream | undefined;
    const peer = await open((stream) => {
      served = stream;
      stream.on('error', () => {});
      respondWithFile(stream, path);
    });
    const stream = peer.request();
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('response', resolve));
    peer.drop();
    await waitUntil('the file to be closed', () => served?.destroyed && openDescriptors() === 0);
  });

  it('by descriptor stays open, whoever owns it', async () => {
    const fd = openSync(path, 'r');
    const byNumber = await answer((stream) => respondWithFD(stream, fd, {}, { offset: 5 }));
    expect(byNumber.bytes).toBe(SIZE - 5);
    expect(fstatSync(fd).size).toBe(SIZE);
    closeSync(fd);
    const handle: FileHandle = await openFile(path);
    const byHandle = await answer((stream) => respondWithFD(stream, handle));
    expect(byHandle).toMatchObject({ bytes: SIZE, sha256: bodySha256(SIZE) });
    expect((await handle.stat()).size).toBe(SIZE);
    await handle.close();
  });

  it('is refused at once where it cannot be sent', async () => {
    const codes: unknown[] = [];
    const codeOf = (call: () => void): void => {
      try {
        call();
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code);
      }
    };
    const closed = await openFile(path);
    await closed.close();
    await answer((stream) => {
      codeOf(() => respondWithFile(stream, path, { ':status': 204 }));
      codeOf(() => respondWithFile(stream, path, {}, { offset: -1 }));
      codeOf(() => respondWithFile(stream, path, {}, { length: 0.5 }));
      codeOf(() => respondWithFD(stream, 'x' as unknown as number));
      codeOf(() => respondWithFD(stream, closed));
      stream.respond();
      codeOf(() => respondWithFile(stream, path));
      stream.end();
      stream.once('close', () => codeOf(() => respondWithFile(stream, path)));
    });
    await waitUntil('all codes', () => codes.length === 7);
    expect(codes).toEqual([
      'ERR_HTTP3_PAYLOAD_FORBIDDEN',
      'UND_ERR_INVALID_ARG',
      'UND_ERR_INVALID_ARG',
      'UND_ERR_INVALID_ARG',
      'UND_ERR_INVALID_ARG',
      'ERR_HTTP3_HEADERS_SENT',
      'ERR_HTTP3_INVALID_STREAM',
    ]);
  });

  it('with headers that cannot be sent ends the stream', async () => {
    writeFileSync(path, 'x');
    const settled = await answer((stream) => {
      stream.on('error', () => {});
      respondWithFile(stream, path, { connection: 'close' });
    });
    expect(settled.headers).toBeUndefined();
    expect(existsSync(path)).toBe(true);
    await waitUntil('the file to be closed', () => openDescriptors() === 0);
  });
});
