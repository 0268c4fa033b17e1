import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';

test('an idleTimeout of 0 is none, not one that has run out', async () => {
  const identity = await makeIdentity();
  const server = await AioquicServer.start(identity);
  onTestFinished(() => server.stop());
  const session = openSession(server.origin, identity, { idleTimeout: 0 });
  const disconnects: unknown[] = [];
  session.on('disconnect', (error) => disconnects.push(error));
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  // Longer than the least that RFC 9000 10.1 lets an idle timeout be: three probe timeouts.
  await sleep(1000);
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  expect(disconnects).toEqual([]);
  expect(server.events.filter(({ event }) => event === 'handshake')).toHaveLength(1);
  await session.close();
});
