import { expect, it } from 'vitest';
import type { StreamListener } from '../../../src/server/server-types.js';
import { MemoryTokenStore } from '../../../src/session/token-store.js';
import { serve } from '../../server/support/served.js';
import { waitUntil } from '../../support/wait-until.js';
import { Http3Only } from './front.js';
import { modernHandler } from './handlers.js';

it('a request in 0-RTT is committed when that is accepted, before it is answered', async () => {
  const held: Parameters<StreamListener>[0][] = [];
  const { origin, ca } = await serve({ zeroRtt: true, zeroRttWindow: 100 }, (stream, headers) => {
    if (headers[':path'] === '/held') held.push(stream);
    else stream.end();
  });
  const connection = { ca, tokenStore: new MemoryTokenStore() };

  // The server refuses 0-RTT in its first window, and a connection that it refused is committed when it is established.
  for (let accepted = false; !accepted; ) {
    const dispatcher = new Http3Only(origin, connection);
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'GET', path: '/held' }, handler);
    const [leg] = dispatcher.legs;
    const stream = await waitUntil('the request to arrive', () => held.pop());
    await waitUntil('the leg to be committed', () => dispatcher.committed.length === 1);
    expect(leg?.withdraw()).toBe(false);
    accepted = leg?.transaction.connection?.earlyData === 'accepted' && leg.transaction.sentEarly;
    stream.end();
    await recording.done;
    await dispatcher.request({ origin, method: 'GET', path: '/' }).then(({ body }) => body.dump());
    dispatcher.end();
  }
});
