/** Machines behind a load balancer that routes by connection ids, with several processes on each. */
import { expect, it, onTestFinished } from 'vitest';
import { ImpairmentProxy } from '../../support/impairment-proxy.js';
import { QuicLbBalancer } from './quic-lb-balancer.js';
import { SharingProcesses, who } from './sharing-processes.js';

const CLIENTS = 40;
const MACHINES = ['a1b2', 'c3d4'];

it('a connection stays with its machine and process, whatever address its packets come from', async () => {
  const machines = await Promise.all(
    MACHINES.map((serverId) => SharingProcesses.start(2, { connectionId: { serverId, configRotation: 1 } })),
  );
  const servers = Object.fromEntries(MACHINES.map((serverId, index) => [serverId, machines[index]?.port ?? 0]));
  const balancer = await QuicLbBalancer.start({ configRotation: 1, serverIdLength: 2, servers });
  onTestFinished(() => balancer.close());
  const proxy = await ImpairmentProxy.start({ seed: 1, target: { host: '127.0.0.1', port: balancer.port } });
  onTestFinished(() => proxy.close());

  const [first] = machines;
  const sessions = Array.from({ length: CLIENTS }, () => (first as SharingProcesses).connect(proxy.port));
  const before = [];
  for (const session of sessions) before.push(await who(session));
  expect(new Set(before.map(({ pid }) => pid)).size).toBe(2 * MACHINES.length);
  for (let round = 0; round < 3; round += 1) {
    expect(await proxy.rebind()).toHaveLength(CLIENTS);
    expect(await Promise.all(sessions.map(who))).toEqual(before);
  }
  expect(balancer.routed).toBeGreaterThan(0);
  for (const machine of machines) {
    const { accepted, datagramsForwarded, statelessResetsSent } = await machine.figures();
    expect(accepted).toBe(CLIENTS / MACHINES.length);
    // The balancer chose the machine, and the kernel the wrong process of the two.
    expect(datagramsForwarded).toBeGreaterThan(0);
    expect(statelessResetsSent).toBe(0);
  }
});

it("another machine's connections are not touched", async () => {
  const group = await SharingProcesses.start(1, { connectionId: { serverId: 'a1b2' } });
  const sessions = Array.from({ length: 12 }, () => group.connect());
  await Promise.all(sessions.map(who));
  // On the same port: a balancer that is not configured well.
  const other = await group.add(2, { connectionId: { serverId: 'c3d4' } });
  for (const session of sessions) session.request({ ':path': '/who' }).on('error', () => undefined);
  const discarded = async (): Promise<number> => (await other.call('figures')).datagramsDiscarded;
  await expect.poll(discarded, { timeout: 20_000 }).toBeGreaterThan(0);
  expect(await other.call('figures')).toMatchObject({ statelessResetsSent: 0, datagramsForwarded: 0 });
});
