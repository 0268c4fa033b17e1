import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ImpairmentProxy } from '../../support/impairment-proxy.js';
import { prod, type SharingProcess, SharingProcesses, watchDisconnects, who } from './sharing-processes.js';

/** Far beyond the time that a test may take: nothing here ends by it. */
const options = { idleTimeout: 600_000 };

it('clients of a process that was killed are told by another', async () => {
  const group = await SharingProcesses.start(2, options);
  const sessions = Array.from({ length: 12 }, () => group.connect(undefined, { idleTimeout: 600_000 }));
  const disconnects = sessions.map(watchDisconnects);
  const pids = (await Promise.all(sessions.map(who))).map(({ pid }) => pid);
  const killed = group.of(pids[0] ?? 0);
  await group.kill(killed);
  await Promise.all(sessions.map(prod));
  for (const [index, messages] of disconnects.entries()) {
    expect(messages).toEqual(pids[index] === killed.pid ? [expect.stringMatching(/stateless reset/)] : []);
  }
  const { statelessResetsSent } = await group.figures();
  expect(statelessResetsSent).toBeGreaterThanOrEqual(pids.filter((pid) => pid === killed.pid).length);
});

it('a process that takes the place of a killed one tells its clients', async () => {
  const group = await SharingProcesses.start(1, options);
  const target = { host: '127.0.0.1', port: group.port };
  const proxy = await ImpairmentProxy.start({ seed: 1, target });
  onTestFinished(() => proxy.close());
  const session = group.connect(proxy.port, { idleTimeout: 600_000 });
  const disconnects = watchDisconnects(session);
  await who(session);
  // An ICMP error must not be what the client learns it from.
  await proxy.blackhole(true);
  await group.kill(group.processes[0] as SharingProcess);
  expect(existsSync(join(group.directory, '0001.sock'))).toBe(true);
  const successor = await group.add(1);
  await proxy.blackhole(false);
  await prod(session);
  expect(disconnects).toEqual([expect.stringMatching(/stateless reset/)]);
  expect((await who(session)).pid).toBe(successor.pid);
});

it('an id that a living process has is not taken', async () => {
  const group = await SharingProcesses.start(1);
  const session = group.connect();
  await expect(group.add(1)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await who(session);
});

it('a process that closes removes its socket, and nothing else', async () => {
  const group = await SharingProcesses.start(2);
  await group.processes[0]?.call('close');
  expect(existsSync(join(group.directory, '0001.sock'))).toBe(false);
  expect(existsSync(join(group.directory, '0002.sock'))).toBe(true);
  await group.processes[1]?.call('close');
  expect(existsSync(join(group.directory, 'reset.key'))).toBe(true);
});
