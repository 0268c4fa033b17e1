import { expect, it } from 'vitest';
import type { ResponseConnectionInfo } from '../../src/client/dispatcher/connection-info.js';
import { MemoryAgentStore } from '../../src/client/store/memory-agent-store.js';
import type { TokenStore } from '../../src/session/token-store.js';
import { ask, serveChoices } from './support/choice-peer.js';

it('every connection in 0-RTT leaves a token for the one after it, however short it is', async () => {
  const peer = await serveChoices();
  const store = new MemoryAgentStore();
  const visit = async (): Promise<ResponseConnectionInfo | undefined> => {
    const agent = peer.makeAgent({ protocol: 'h3', store });
    const { info } = await ask(agent, `${peer.origin}/`);
    await agent.close();
    return info;
  };
  expect(await visit()).toMatchObject({ resumed: false, earlyData: false });
  // The server refuses 0-RTT in its first window.
  await expect.poll(visit, { timeout: 10_000 }).toMatchObject({ earlyData: true });
  // Now and then it finds a ClientHello too old, if the machine is busy; the token was there all the same.
  for (let count = 0; count < 10; count += 1) expect(await visit()).toMatchObject({ resumed: true });
});

it('a token store that never answers costs the resumption, and is reported', async () => {
  const peer = await serveChoices();
  const tokenStore: TokenStore = { take: () => new Promise(() => undefined), put: () => undefined };
  const agent = peer.makeAgent({ protocol: 'h3', tokenStore });
  const reported = new Promise((resolve) => agent.once('storeError', resolve));
  expect(await ask(agent, `${peer.origin}/`)).toMatchObject({ status: 200, version: '3.0' });
  expect(await reported).toMatchObject({ message: 'The token store did not answer in time' });
});
