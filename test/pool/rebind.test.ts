import { expect, it } from 'vitest';
import { makeIdentity } from '../support/client.js';
import { waitUntil } from '../support/wait-until.js';
import { TestPool } from './support/pools.js';
import { type SeenRequest, startServer } from './support/servers.js';

it('rebind() moves the connection with the requests on it', async () => {
  const { ca, certificate } = await makeIdentity();
  const held: SeenRequest[] = [];
  const server = await startServer(certificate, (request) => {
    if (request.path === '/held') held.push(request);
    else request.stream.end('x');
  });
  const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca);
  await pool.pool.rebind();
  await pool.request().outcome;
  const request = pool.request('/held');
  await waitUntil('the request', () => held.length === 1);
  await pool.pool.rebind();
  held[0]?.stream.end('late');
  expect(await request.outcome).toMatchObject({ end: 'end', body: 'late', sent: 1 });
  expect((await pool.request('/next').outcome).end).toBe('end');
  expect(server.sessions).toBe(1);
  await pool.close();
});
