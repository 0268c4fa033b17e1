import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadAddon } from '../../src/native.js';
import { loadServerAddon } from '../../src/native-server.js';
import { nodeArgumentsFor } from '../support/child-module.js';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { runScenario } from '../support/scenario.js';
import type { ExhaustionReport } from './fd-exhaustion-child.js';
import type { PairHolderTask } from './virtual-fds-worker.js';

const addon = loadServerAddon();
const WORKER = fileURLToPath(new URL('./virtual-fds-worker.ts', import.meta.url));
/** Linux: bits of the `flags` line in fdinfo. */
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** Makes pairs that are closed when the test ends, unless it has closed them. */
function makePairs(count: number): Int32Array {
  const fds = addon.socketPairs(count);
  if (typeof fds === 'number') throw new Error(`no pairs: ${fds}`);
  return fds;
}

/** One pair whose first end has become a net.Socket. */
function makeSocket(): { readonly socket: Socket; readonly internal: Int32Array } {
  const fds = makePairs(1);
  const socket = new Socket({ fd: fds[0], readable: true, writable: true });
  const internal = fds.subarray(1);
  onTestFinished(() => void socket.destroy());
  return { socket, internal };
}

function flagsOf(fd: number): number {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
  return Number.parseInt(flags ?? '', 8);
}

describe('socketPairs', () => {
  test('makes real Unix sockets, non-blocking and close-on-exec at both ends', async () => {
    const before = listDescriptors();
    const fds = makePairs(3);
    expect(fds).toBeInstanceOf(Int32Array);
    expect(new Set(fds).size).toBe(6);
    const descriptors = listDescriptors();
    for (const fd of fds) {
      expect(descriptors.find((descriptor) => descriptor.fd === fd)?.kind).toBe('unix');
      expect(flagsOf(fd) & (O_NONBLOCK | O_CLOEXEC)).toBe(O_NONBLOCK | O_CLOEXEC);
    }
    addon.closeFds(fds);
    await expectNoNewDescriptors(before);
  });

  test('makes none if none is asked for', () => {
    expect(addon.socketPairs(0)).toEqual(new Int32Array(0));
  });

  test('10,000 pairs are made and closed, and counted, without a descriptor left', async () => {
    const before = listDescriptors();
    for (let round = 0; round < 100; round += 1) {
      const fds = makePairs(100);
      expect(loadAddon().counters().virtualFds).toBe(100);
      addon.closeFds(fds);
      expect(loadAddon().counters().virtualFds).toBe(0);
    }
    await expectNoNewDescriptors(before);
  });

  test.each([[-1], [1.5], ['1'], [undefined]])('throws a TypeError for %s', (count) => {
    expect(() => Reflect.apply(addon.socketPairs, addon, [count])).toThrow(TypeError);
  });
});

describe('a net.Socket over the virtual fd', () => {
  test('ends when its connection hangs up, and closes its descriptor', async () => {
    const before = listDescriptors();
    const { socket, internal } = makeSocket();
    socket.resume();
    const ended = once(socket, 'end');
    const closed = once(socket, 'close');
    addon.hangUp(internal[0] ?? -1);
    await ended;
    expect(await closed).toEqual([false]);
    addon.closeFds(internal);
    await expectNoNewDescriptors(before);
  });

  test('ends when the internal end is closed without having hung up', async () => {
    const { socket, internal } = makeSocket();
    const ended = once(socket.resume(), 'end');
    addon.closeFds(internal);
    await ended;
  });

  test('is readable with EOF also if it is made after the connection hung up', async () => {
    const fds = makePairs(1);
    addon.hangUp(fds[1] ?? -1);
    const socket = new Socket({ fd: fds[0], readable: true });
    await once(socket.resume(), 'end');
    addon.closeFds(fds.subarray(1));
  });

  test('may be destroyed first: hanging up then does nothing', async () => {
    const before = listDescriptors();
    const { socket, internal } = makeSocket();
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
    expect(loadAddon().counters().virtualFds).toBe(1);
    addon.hangUp(internal[0] ?? -1);
    addon.closeFds(internal);
    expect(loadAddon().counters().virtualFds).toBe(0);
    await expectNoNewDescriptors(before);
  });
});

describe('closeFds and hangUp', () => {
  test('ignore what is not open', () => {
    const fds = makePairs(1);
    addon.closeFds(fds);
    addon.closeFds(fds);
    addon.closeFds(Int32Array.of(-1));
    addon.hangUp(fds[0] ?? -1);
  });

  test.each([[[1]], [new Uint8Array(4)], [new Uint32Array(1)], [undefined]])(
    'closeFds(%s) throws a TypeError',
    (fds) => {
      expect(() => Reflect.apply(addon.closeFds, addon, [fds])).toThrow(TypeError);
    },
  );

  test.each([[-1], ['1'], [undefined]])('hangUp(%s) throws a TypeError', (fd) => {
    expect(() => Reflect.apply(addon.hangUp, addon, [fd])).toThrow(TypeError);
  });
});

describe('limits', () => {
  test('fdUsage counts the descriptors of this process', () => {
    const { soft, hard, open } = addon.fdUsage();
    expect(open).toBe(listDescriptors().length);
    expect(soft).toBeGreaterThan(open);
    expect(hard).toBeGreaterThanOrEqual(soft);
    const fds = makePairs(10);
    expect(addon.fdUsage().open).toBe(open + 20);
    addon.closeFds(fds);
    expect(addon.fdUsage().open).toBe(open);
  });

  test('a process with few descriptors gets the pairs that fit, then EMFILE, and works on', async () => {
    const limit = 256;
    const child = new URL('./fd-exhaustion-child.ts', import.meta.url);
    const report = await runScenario<ExhaustionReport>(child, { limit });
    expect(report.limitSet).toBe(limit);
    expect(report.usageAtStart).toMatchObject({ soft: limit });
    // An odd descriptor may be left.
    expect(limit - report.usageAtLimit.open).toBeLessThan(2);
    expect(report.pairs).toBe(Math.floor((limit - report.usageAtStart.open) / 2));
    expect(report.resultAtLimit).toBe(-constants.errno.EMFILE);
    expect(report.pollErrorAtLimit).toMatchObject({
      code: 'EMFILE',
      errno: -constants.errno.EMFILE,
      syscall: 'socket',
    });
    expect(report.pairsAfterClose).toBe(1);
    expect(report.limitAboveHard).toBe(report.usageAtStart.hard);
  });

  test.each([[-1], [0.5], ['256'], [undefined]])('setFdLimit(%s) throws a TypeError', (soft) => {
    expect(() => Reflect.apply(addon.setFdLimit, addon, [soft])).toThrow(TypeError);
  });
});

test.each<PairHolderTask['end']>(['return', 'terminate'])(
  'pairs that a worker has open when it ends (%s) are closed with it, those of sockets too',
  async (end) => {
    const before = listDescriptors();
    for (let round = 0; round < 3; round += 1) {
      const workerData: PairHolderTask = { pairs: 10, sockets: 5, end };
      const worker = new Worker(WORKER, { workerData, execArgv: nodeArgumentsFor(WORKER) });
      const exited = once(worker, 'exit');
      const [virtualFds] = await once(worker, 'message');
      expect(virtualFds).toBe(10);
      if (end === 'terminate') await worker.terminate();
      await exited;
    }
    await expectNoNewDescriptors(before);
  },
);
