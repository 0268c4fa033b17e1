import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

/** What an application close becomes before the handshake is done (RFC 9000 10.2.3). */
const APPLICATION_ERROR = 0xc;

test('the server whose address lost the race is told that the connection is closed', async () => {
  const identity = await makeIdentity();
  const slow = await AioquicServer.start({ ...identity, host: '127.0.0.2' });
  onTestFinished(() => slow.stop());
  const fast = await AioquicServer.start({ ...identity, host: '127.0.0.3', port: slow.port });
  onTestFinished(() => fast.stop());
  slow.freeze(true);
  const session = openSession(`https://localhost:${slow.port}`, identity, {
    lookup: (_host, _options, callback) =>
      callback(null, [
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.3', family: 4 },
      ]),
    attemptDelay: 10,
  });
  const [info] = (await once(session, 'connect')) as [{ remoteAddress: string }];
  expect(info.remoteAddress).toBe('127.0.0.3');
  slow.freeze(false);
  const terminated = await waitUntil('CONNECTION_CLOSE', () => slow.events.find(({ event }) => event === 'terminated'));
  expect(terminated).toMatchObject({ code: APPLICATION_ERROR });
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  await session.close();
});
