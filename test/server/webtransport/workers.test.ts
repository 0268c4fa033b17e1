import { expect, it } from 'vitest';
import type { WebTransportRequest } from '../../../src/server/index.js';
import { nodeArgumentsFor } from '../../support/child-module.js';
import { fetchBytes } from '../../support/settlement.js';
import { openTransport } from '../../webtransport/client/support/opened.js';
import { serve } from '../support/served.js';

it('with workers, sessions are the main thread its own, and requests the workers theirs', async () => {
  const module = new URL('../workers/modules/listener.ts', import.meta.url);
  const { server, origin, ca, connect } = await serve({
    webTransport: true,
    workers: { module, count: 1, execArgv: nodeArgumentsFor('worker-entry.ts') },
  });
  server.on('webtransport', (request: WebTransportRequest) => void request.accept().closed.catch(() => undefined));
  const transport = openTransport(`${origin}/some`, ca);
  await transport.ready;
  expect((await fetchBytes(connect())).headers).toHaveProperty(':status', 200);
  expect(server.stats()).toMatchObject({ webTransport: { sessions: 1 } });
  transport.close();
  await transport.closed;
});
