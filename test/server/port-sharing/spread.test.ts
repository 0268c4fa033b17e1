import { expect, it } from 'vitest';
import type { ClientHttp3Session } from '../../../src/index.js';
import { SharingProcesses, who } from './sharing-processes.js';

const PROCESSES = 4;
const CONNECTIONS = 200;

/** Opens connections, so many at a time, and asks each who serves it. */
async function askAll(group: SharingProcesses, count: number) {
  const sessions: ClientHttp3Session[] = Array.from({ length: count }, () => group.connect());
  return await Promise.all(sessions.map(who));
}

it(`${CONNECTIONS} connections spread over ${PROCESSES} processes, and no session id comes twice`, async () => {
  const group = await SharingProcesses.start(PROCESSES);
  const answers = [];
  for (let left = CONNECTIONS; left > 0; left -= 50) answers.push(...(await askAll(group, 50)));
  const pids = answers.map(({ pid }) => pid);
  expect(new Set(pids)).toEqual(new Set(group.processes.map(({ pid }) => pid)));
  expect(new Set(answers.map(({ sessionId }) => sessionId)).size).toBe(CONNECTIONS);
  expect((await group.figures()).accepted).toBe(CONNECTIONS);
});

it('processes that come and go do not cut connections', async () => {
  const group = await SharingProcesses.start(1);
  const sessions = Array.from({ length: 20 }, () => group.connect());
  const before = await Promise.all(sessions.map(who));
  // The kernel spreads by addresses and the number of sockets: now other processes get what these clients send.
  await group.add(2);
  await group.add(3);
  const after = await Promise.all(sessions.map(who));
  expect(after).toEqual(before);
  expect((await group.figures()).datagramsForwarded).toBeGreaterThan(0);
});

it('a process that closes leaves new connections to the others', async () => {
  const group = await SharingProcesses.start(2);
  const sessions = Array.from({ length: 20 }, () => group.connect());
  const leaving = group.of((await who(sessions[0] as ClientHttp3Session)).pid);
  // Keeps the process in its graceful close.
  const holders = sessions.map((session) => session.request({ ':path': '/hold' }));
  await Promise.all(holders.map((stream) => new Promise((resolve) => stream.once('data', resolve))));
  const closed = leaving.call('close');
  const before = await leaving.call('figures');
  const newcomers = await askAll(group, 20);
  expect(newcomers.map(({ pid }) => pid)).not.toContain(leaving.pid);
  const after = await leaving.call('figures');
  expect(after).toMatchObject({ refused: 0, accepted: before.accepted });
  expect(after.datagramsForwarded).toBeGreaterThan(before.datagramsForwarded);
  for (const stream of holders) {
    stream.on('error', () => undefined);
    stream.close();
  }
  await closed;
});
