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
  for (let count = 0; count < 3; count += 1) {
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    await sleep(100);
  }
  expect(disconnects).toEqual([]);
  expect(server.events.filter(({ event }) => event === 'handshake')).toHaveLength(1);
  await session.close();
});
