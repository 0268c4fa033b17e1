import { expect, test } from 'vitest';
import { downloadWithNgtcp2 } from '../../support/ngtcp2-client.js';
import { patternDigest } from '../../support/pattern.js';
import { serve } from '../support/served.js';
import { serveTransfers, TEN_MIB } from './transfers.js';

test("ngtcp2's client downloads 10 MiB byte-exact, and other files on the same connection", async () => {
  const { server, origin } = await serve();
  serveTransfers(server);
  const lengths = [TEN_MIB, 1, 100_000];
  const { files } = await downloadWithNgtcp2(
    origin,
    lengths.map((length) => `/${length}`),
  );
  expect(files).toEqual(lengths.map(patternDigest));
});

test("ngtcp2's client goes on after a key update and a change of its address", async () => {
  const { server, origin } = await serve();
  serveTransfers(server);
  const changes = ['--quiet', '--key-update=5ms', '--change-local-addr=20ms'];
  const { files } = await downloadWithNgtcp2(origin, [`/${TEN_MIB}`], changes);
  expect(files).toEqual([patternDigest(TEN_MIB)]);
});

test("ngtcp2's client is answered after a Retry", async () => {
  const { server, origin } = await serve({ retry: 'always' });
  serveTransfers(server);
  const { files, log } = await downloadWithNgtcp2(origin, ['/100000'], ['--no-quic-dump']);
  expect(files).toEqual([patternDigest(100_000)]);
  expect(log).toContain('type=Retry');
});
