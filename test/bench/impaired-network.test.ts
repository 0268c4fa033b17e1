/** The path between two network namespaces that the bench impairs. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ImpairedNetwork, SERVER_ADDRESS } from '../../bench/lib/impaired-network.mjs';
import { NetworkNamespace } from '../../bench/lib/network-namespace.mjs';
import { PeerProcess } from '../support/peer-process.js';
import { runProgram } from '../support/run-child.js';

const PORT = '4433';
/** With those that end it, few enough to fit a socket's buffer if the receiver sleeps. */
const COUNT = 200;
const DEADLINE_MS = 20_000;
const SINK = fileURLToPath(new URL('udp-sink-child.mjs', import.meta.url));
const SOURCE = fileURLToPath(new URL('udp-source-child.mjs', import.meta.url));

const hindrance = await NetworkNamespace.hindrance();
let network: ImpairedNetwork | undefined;

beforeAll(async () => {
  if (hindrance === undefined) network = await ImpairedNetwork.start({ delayMs: 5, loss: 0.1 });
});

afterAll(() => network?.stop());

/** Sends numbered datagrams from the client to the server. */
async function arrivals({ client, server }: ImpairedNetwork): Promise<number[]> {
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  const [file, ...args] = server.command(process.execPath, [SINK, SERVER_ADDRESS, PORT]);
  const sink = new PeerProcess(file, args, {
    onLine: (line) => {
      lines.push(line);
      waiting.shift()?.(line);
    },
  });
  const nextLine = (what: string) =>
    sink.expect(what, new Promise<string>((resolve) => waiting.push(resolve)), DEADLINE_MS);
  try {
    await nextLine('should listen');
    const received = nextLine('should get datagrams');
    await client.run(process.execPath, SOURCE, SERVER_ADDRESS, PORT, String(COUNT));
    return JSON.parse(await received);
  } finally {
    await sink.stop();
  }
}

test.skipIf(hindrance !== undefined)('the same seed loses the same packets, and none changes places', async () => {
  if (network === undefined) throw new Error('no network');
  await network.reseed(7);
  const first = await arrivals(network);
  await network.reseed(7);
  const second = await arrivals(network);
  await network.reseed(8);
  const other = await arrivals(network);
  expect(second).toEqual(first);
  expect(other).not.toEqual(first);
  expect(first).toEqual(first.toSorted((left, right) => left - right));
  expect(first.length).toBeGreaterThan(COUNT * 0.8);
  expect(first.length).toBeLessThan(COUNT);
});

test.skipIf(hindrance !== undefined)('the relay counts what it passed on and lost', async () => {
  if (network === undefined) throw new Error('no network');
  await network.reseed(1);
  const received = await arrivals(network);
  const { passed, lost, overflowed } = await network.reseed(1);
  expect(overflowed).toBe(0);
  expect(passed).toBeGreaterThanOrEqual(received.length);
  expect(lost).toBeGreaterThanOrEqual(COUNT - received.length);
});

test.skipIf(hindrance !== undefined)('nothing is left of it when it stops', async () => {
  const short = await ImpairedNetwork.start({ delayMs: 1, loss: 0 });
  const pids = [short.client.pid, short.server.pid];
  await short.stop();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  const { stdout } = await runProgram('ip', ['-oneline', 'link']);
  expect(stdout).not.toContain(`necko${process.pid}`);
});
