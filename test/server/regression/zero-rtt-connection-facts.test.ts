import { expect, it } from 'vitest';
import { MemoryTokenStore } from '../../../src/index.js';
import type { ConnectionTls } from '../../../src/server/index.js';
import { visit } from '../../support/visit.js';
import { serve } from '../support/served.js';

it('a connection that begins in 0-RTT says so at once, and all of TLS when its handshake is complete', async () => {
  const early: (ConnectionTls | undefined)[] = [];
  const complete: (ConnectionTls | undefined)[] = [];
  const { server, origin, ca } = await serve({ zeroRtt: true, zeroRttWindow: 100 }, (stream) => {
    early.push(stream.session?.connection.tls);
    stream.end();
  });
  server.on('disconnect', ({ tls }) => complete.push(tls));

  const options = { ca, tokenStore: new MemoryTokenStore() };
  const facts = { alpn: 'h3', cipher: 'TLS_AES_128_GCM_SHA256', group: 'X25519MLKEM768' };
  // The server refuses 0-RTT in its first window.
  for (let accepted = false; !accepted; ) {
    early.length = 0;
    complete.length = 0;
    accepted = (await visit(origin, options)).info.earlyData === 'accepted';
  }
  expect(early[0]).toMatchObject({ alpn: 'h3', resumed: true, earlyData: true });
  await expect.poll(() => complete.at(-1)).toMatchObject({ ...facts, resumed: true, earlyData: true });
});
