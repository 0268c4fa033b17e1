import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSecureServer } from '../../src/server/index.js';
import { makeIdentity } from '../support/client.js';
import { runScenario } from '../support/scenario.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('a program that keeps its tokens in a file sends its first request in 0-RTT after a restart', async () => {
  const identity = await makeIdentity();
  const { keyPem, certPem } = identity.certificate;
  const server = createSecureServer(
    { key: keyPem, cert: certPem, zeroRtt: true, zeroRttWindow: 500 },
    (_request, response) => response.end('hello'),
  );
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    await closed;
  });
  const path = join(await temporaryDirectory(), 'store.db');
  const input = { origin: `https://127.0.0.1:${server.address()?.port}`, ca: identity.ca, path };
  const module = new URL('./restart-child.ts', import.meta.url);
  const visit = () => runScenario<{ readonly earlyData: string }>(module, input);
  const facts = { bodies: ['hello', 'hello'], storeErrors: [] };
  expect(await visit()).toEqual({ ...facts, resumed: false, earlyData: 'none' });
  let again = await visit();
  // The server refuses 0-RTT in its first window.
  while (again.earlyData !== 'accepted') again = await visit();
  expect(again).toEqual({ ...facts, resumed: true, earlyData: 'accepted' });
});
