import { expect, it } from 'vitest';
import { identityFor, lookupOf } from './support/names.js';
import { TestPool } from './support/pools.js';
import { startServer } from './support/servers.js';

it('goes to another host and port, with the certificate and name of the origin, and says so in Alt-Used', async () => {
  const identity = await identityFor(['origin.test']);
  const server = await startServer(identity);
  const { lookup, asked } = lookupOf({ 'alternative.test': '127.0.0.1' });
  const pool = new TestPool('https://origin.test', identity.ca, { lookup });
  pool.pool.route = { host: 'alternative.test', port: server.port, altUsed: `alternative.test:${server.port}` };
  const { end, status } = await pool.request('/a').outcome;
  expect({ end, status }).toEqual({ end: 'end', status: 200 });
  expect(asked).toEqual(['alternative.test']);
  expect(server.seen).toMatchObject([{ authority: 'origin.test', altUsed: `alternative.test:${server.port}` }]);
  await pool.close();
});

it('an alternative that shows another certificate than the origin’s is refused', async () => {
  const identity = await identityFor(['alternative.test']);
  const server = await startServer(identity);
  const { lookup } = lookupOf({ 'alternative.test': '127.0.0.1' });
  const pool = new TestPool('https://origin.test', identity.ca, { lookup });
  pool.pool.route = { host: 'alternative.test', port: server.port };
  const { error } = await pool.request().outcome;
  expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', safeToRetry: true });
  expect(server.seen).toEqual([]);
});

it('the origin itself is used without Alt-Used', async () => {
  const identity = await identityFor(['origin.test']);
  const server = await startServer(identity);
  const { lookup } = lookupOf({ 'origin.test': '127.0.0.1' });
  const pool = new TestPool(`https://origin.test:${server.port}`, identity.ca, { lookup });
  await pool.request().outcome;
  expect(server.seen).toMatchObject([{ authority: `origin.test:${server.port}`, altUsed: undefined }]);
});

it('a new route is for the next connection; a request that moves to it says where it goes', async () => {
  const identity = await identityFor([], ['127.0.0.1']);
  const [first, second] = [await startServer(identity, () => undefined), await startServer(identity)];
  const pool = new TestPool(`https://127.0.0.1:${first.port}`, identity.ca, { maxConcurrentStreams: 1 });
  const held = pool.request('/held');
  const waiting = pool.request('/waiting');
  await held.transaction.carrier;
  while (first.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  pool.pool.route = { host: '127.0.0.1', port: second.port, altUsed: `127.0.0.1:${second.port}` };
  first.goaway();
  expect(await waiting.outcome).toMatchObject({ end: 'end', status: 200, sent: 1 });
  expect(second.seen).toMatchObject([{ path: '/waiting', altUsed: `127.0.0.1:${second.port}` }]);
  held.transaction.abort();
  expect((await held.outcome).end).toBe('error');
});
