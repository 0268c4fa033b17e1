import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runGoClient } from '../../support/go-client.js';
import { goPeerObstacle } from '../../support/go-peer.js';
import { patternDigest } from '../../support/pattern.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { serve } from '../support/served.js';
import { serveTransfers, TEN_MIB } from './transfers.js';

const obstacle = await goPeerObstacle();

async function serveWithCaFile(): Promise<{ origin: string; caFile: string }> {
  const { server, origin, ca } = await serve();
  serveTransfers(server);
  const caFile = join(await temporaryDirectory(), 'ca.pem');
  await writeFile(caFile, ca);
  return { origin, caFile };
}

describe.skipIf(obstacle !== undefined)(`quic-go's client${obstacle === undefined ? '' : ` (${obstacle})`}`, () => {
  test('downloads many files at once, byte-exact', async () => {
    const { origin, caFile } = await serveWithCaFile();
    const lengths = [TEN_MIB, ...Array.from({ length: 50 }, (_, index) => 1 + 997 * index)];
    const urls = lengths.map((length) => `${origin}/${length}`);
    const expected = lengths.map((length) => ({ status: 200, proto: 'HTTP/3.0', ...patternDigest(length) }));
    expect(await runGoClient(urls, caFile)).toMatchObject(expected);
  });

  test('posts 10 MiB and gets them back', async () => {
    const { origin, caFile } = await serveWithCaFile();
    const [response] = await runGoClient([`${origin}/echo`], caFile, TEN_MIB);
    expect(response).toMatchObject({ status: 200, ...patternDigest(TEN_MIB) });
  });
});
