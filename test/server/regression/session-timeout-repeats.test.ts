import { expect, it } from 'vitest';
import { fetchBytes } from '../../support/settlement.js';
import { event, serve } from '../support/served.js';

it("a session emits 'timeout' once for each time in which it is idle", async () => {
  const { server, connect } = await serve({ timeout: 50 }, (stream) => stream.end());
  let timeouts = 0;
  server.on('timeout', () => {
    timeouts += 1;
  });
  const session = connect();
  for (let round = 1; round <= 3; round += 1) {
    const idle = event(server, 'timeout');
    await fetchBytes(session);
    await idle;
    expect(timeouts).toBe(round);
  }
});
