import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AioquicResponse, runAioquicClient } from '../../support/aioquic-client.js';
import { patternDigest } from '../../support/pattern.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { serve } from '../support/served.js';
import { serveTransfers, TEN_MIB } from './transfers.js';

const status = ({ sections }: AioquicResponse) => sections.map((section) => Object.fromEntries(section)[':status']);

test("aioquic's client downloads several files on one connection, byte-exact", async () => {
  const { server, port } = await serve();
  serveTransfers(server);
  const lengths = [1, 100_000, 2 ** 20];
  const { responses } = await runAioquicClient(
    port,
    lengths.map((length) => `/${length}`),
  );
  expect(responses.map(status)).toEqual(lengths.map(() => ['200']));
  expect(responses).toMatchObject(lengths.map(patternDigest));
});

test.each([
  ['with content-length', []],
  ['without content-length', ['--without-length']],
])("aioquic's client posts 10 MiB and gets them back, %s", { timeout: 120_000 }, async (_title, args) => {
  const { server, port } = await serve();
  serveTransfers(server);
  const { responses } = await runAioquicClient(port, ['--body-bytes', String(TEN_MIB), ...args, '/echo']);
  expect(responses.map(status)).toEqual([['200']]);
  expect(responses).toMatchObject([patternDigest(TEN_MIB)]);
});

test("aioquic's client verifies the certificate that it is sent", async () => {
  const { server, port, ca } = await serve();
  serveTransfers(server);
  const caFile = join(await temporaryDirectory(), 'ca.pem');
  await writeFile(caFile, ca);
  const { responses } = await runAioquicClient(port, ['--ca', caFile, '/1']);
  expect(responses).toMatchObject([patternDigest(1)]);
});
