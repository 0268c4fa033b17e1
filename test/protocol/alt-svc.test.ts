import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ResponseConnectionInfo } from '../../src/client/dispatcher/connection-info.js';
import { SqliteAgentStore } from '../../src/client/store/sqlite-agent-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { ask, serveChoices } from './support/choice-peer.js';

describe('an origin that says in Alt-Svc that it has HTTP/3', () => {
  afterEach(() => vi.useRealTimers());

  it('is asked over HTTP/2 first, and then over HTTP/3', async () => {
    const peer = await serveChoices();
    const agent = peer.makeAgent();
    const first = await ask(agent, `${peer.origin}/1`);
    const second = await ask(agent, `${peer.origin}/2`);
    expect([first.version, second.version]).toEqual(['2.0', '3.0']);
    expect([first.info?.protocol, second.info?.protocol]).toEqual(['h2', 'h3']);
    expect(first.info?.remotePort).toBe(peer.port);
    expect(second.info?.remotePort).toBe(peer.port);
    expect(peer.seen.map(({ altUsed }) => altUsed)).toEqual([undefined, undefined]);
  });

  it('is asked over HTTP/1.1 first if the user has no HTTP/2', async () => {
    const peer = await serveChoices();
    const agent = peer.makeAgent({ allowH2: false });
    const first = await ask(agent, `${peer.origin}/1`);
    const second = await ask(agent, `${peer.origin}/2`);
    expect([first.version, second.version]).toEqual(['1.1', '3.0']);
    expect(first.info?.protocol).toBe('http/1.1');
  });

  it('is found on the other port that it names, and told so', async () => {
    const peer = await serveChoices();
    const path = await peer.udpPath();
    peer.altSvc = `h3=":${path.port}"; ma=60`;
    const agent = peer.makeAgent();
    await ask(agent, `${peer.origin}/1`);
    const second = await ask(agent, `${peer.origin}/2`);
    expect(second.version).toBe('3.0');
    expect(second.info?.remotePort).toBe(path.port);
    expect(peer.seen[1]?.altUsed).toBe(`127.0.0.1:${path.port}`);
    expect((await path.counters()).up.forwarded).toBeGreaterThan(0);
  });

  it('is asked over TCP again when it says clear', async () => {
    const peer = await serveChoices();
    const agent = peer.makeAgent();
    await ask(agent, `${peer.origin}/1`);
    peer.altSvc = 'clear';
    await ask(agent, `${peer.origin}/2`);
    await ask(agent, `${peer.origin}/3`);
    expect(peer.seen.map(({ httpVersion }) => httpVersion)).toEqual(['2.0', '3.0', '2.0']);
  });

  it('is asked over TCP again when the entry has expired', async () => {
    const peer = await serveChoices();
    peer.altSvc = `h3=":${peer.port}"; ma=60`;
    const agent = peer.makeAgent();
    await ask(agent, `${peer.origin}/1`);
    await ask(agent, `${peer.origin}/2`);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    await ask(agent, `${peer.origin}/3`);
    expect(peer.seen.map(({ httpVersion }) => httpVersion)).toEqual(['2.0', '3.0', '2.0']);
  });

  it('is remembered across a restart, and asked in 0-RTT then', async () => {
    const peer = await serveChoices();
    const directory = await temporaryDirectory();
    const file = join(directory, 'agent.sqlite');
    const before = new SqliteAgentStore(file);
    const first = peer.makeAgent({ store: before });
    await ask(first, `${peer.origin}/1`);
    await ask(first, `${peer.origin}/2`);
    await first.close();
    before.close();

    const restarted = async (): Promise<ResponseConnectionInfo | undefined> => {
      const after = new SqliteAgentStore(file);
      const agent = peer.makeAgent({ store: after });
      const { info } = await ask(agent, `${peer.origin}/3`);
      await agent.close();
      after.close();
      return info;
    };
    expect(await restarted()).toMatchObject({ protocol: 'h3', resumed: true });
    // The server refuses 0-RTT in its first window.
    await expect.poll(restarted, { timeout: 10_000 }).toMatchObject({ protocol: 'h3', resumed: true, earlyData: true });
    expect(peer.seen.map(({ httpVersion }) => httpVersion)).toEqual(['2.0', ...peer.seen.slice(1).map(() => '3.0')]);
  });
});
