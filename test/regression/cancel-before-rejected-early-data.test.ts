import { expect, onTestFinished, test } from 'vitest';
import type { StoredToken } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity } from '../support/client.js';
import { type SteppedRequest, SteppedSession } from '../support/stepped-session.js';
import { visit } from '../support/visit.js';
import { waitUntil } from '../support/wait-until.js';

test('a cancellation that waits while 0-RTT is rejected does not hit the request that gets the stream id', async () => {
  const identity = await makeIdentity();
  const server = await AioquicServer.start(identity);
  onTestFinished(() => server.stop());
  let resumptionToken: StoredToken | undefined;
  const tokenStore = {
    take: () => undefined,
    put: (_key: string, token: StoredToken) => {
      resumptionToken = token;
    },
  };
  await visit(server.origin, { ca: identity.ca, tokenStore });
  await server.forgetTickets();
  const since = server.events.length;

  const requests: SteppedRequest[] = [];
  const stepped = new SteppedSession(
    server.port,
    { resumptionToken, earlyData: true },
    { onEarlyData: () => requests.push(stepped.request('/early'), stepped.request('/early')) },
  );
  onTestFinished(() => stepped.destroy());
  stepped.send();
  const [cancelled, other] = requests;
  if (cancelled === undefined || other === undefined) throw new Error('0-RTT was not possible');
  expect([cancelled.events, other.events]).toEqual([['sent 0'], ['sent 4']]);
  cancelled.transaction.abort();
  // No sendData until the rejection has been handled, and with it the other request sent anew.
  while (other.events.length < 2) await stepped.receive();
  expect(other.events).toEqual(['sent 4', 'sent 0']);
  stepped.send();
  while (other.events.length < 4) {
    await stepped.receive();
    stepped.send();
  }
  expect(other.events.slice(2)).toEqual(['headers', 'end']);
  expect(cancelled.events).toEqual(['sent 0', 'error UND_ERR_ABORTED']);
  expect(server.events.slice(since).filter(({ event }) => event === 'reset' || event === 'stop-sending')).toEqual([]);
  // The server's report can come after its response.
  await waitUntil('the report of the request', () => server.requests.at(-1)?.path === '/early');
  expect(server.requests.slice(-1)).toMatchObject([{ path: '/early', early: false }]);
});
