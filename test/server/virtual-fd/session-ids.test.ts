import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { defaultSessionIdNode, SessionIds } from '../../../src/server/session-ids.js';
import { nodeArgumentsFor } from '../../support/child-module.js';
import { runModule } from '../../support/run-child.js';

const EPOCH_MS = Date.UTC(2025, 0, 1);
const CHILD = fileURLToPath(new URL('./session-ids-child.ts', import.meta.url));

function fields(id: bigint): { startMs: number; node: number; counter: number } {
  return {
    startMs: EPOCH_MS + Number(id >> 29n) * 64,
    node: Number((id >> 13n) & 0xffffn),
    counter: Number(id & 0x1fffn),
  };
}

async function idsOfProcess(node: string, count: number): Promise<bigint[]> {
  const { stdout, stderr, exitCode } = await runModule(CHILD, { args: [node, String(count)] });
  expect(exitCode, stderr).toBe(0);
  return stdout
    .trim()
    .split('\n')
    .map((line) => BigInt(line));
}

describe('session ids', () => {
  it('does not repeat an id among 1,000,000, and each is above the one before', () => {
    const ids = new SessionIds(7);
    const seen = new Set<bigint>();
    let last = -1n;
    let ascending = true;
    for (let index = 0; index < 1_000_000; index += 1) {
      const id = ids.next();
      ascending &&= id > last;
      last = id;
      seen.add(id);
    }
    expect(seen.size).toBe(1_000_000);
    expect(ascending).toBe(true);
    expect(last).toBeLessThan(2n ** 63n);
  });

  it('tells the start of its block, the node and a counter', () => {
    const nowMs = Date.UTC(2040, 5, 1);
    const ids = new SessionIds(65_535, () => nowMs);
    const first = fields(ids.next());
    expect(first.startMs).toBe(nowMs - ((nowMs - EPOCH_MS) % 64));
    expect(first).toMatchObject({ node: 65_535, counter: 0 });
    expect(fields(ids.next())).toMatchObject({ node: 65_535, counter: 1 });
  });

  it('shares no block with another generator of the thread, whatever the clock says', () => {
    const nowMs = Date.UTC(2041, 0, 1);
    const seen = new Set<bigint>();
    for (let server = 0; server < 4; server += 1) {
      // Every generator has a clock that was set back further.
      const ids = new SessionIds(1, () => nowMs - server * 1_000_000);
      for (let index = 0; index < 10_000; index += 1) seen.add(ids.next());
    }
    expect(seen.size).toBe(40_000);
  });

  it('begins beyond all ids of an earlier process with the same node number', async () => {
    // One block each: no faster than the rate that the guarantee allows, whatever a process's start takes.
    const before = await idsOfProcess('3', 8000);
    const after = await idsOfProcess('3', 8000);
    expect(after.every((id) => id > (before.at(-1) ?? 0n))).toBe(true);
  });

  it('gives no id of another process that runs at the same time', async () => {
    const processes = await Promise.all([
      idsOfProcess('1', 50_000),
      idsOfProcess('2', 50_000),
      idsOfProcess('default', 50_000),
      idsOfProcess('default', 50_000),
    ]);
    expect(new Set(processes.flat()).size).toBe(200_000);
  });

  it('has another default node in each thread', async () => {
    const worker = new Worker(CHILD, { argv: ['default', '1'], execArgv: nodeArgumentsFor(CHILD), stdout: true });
    const id = BigInt(await text(worker.stdout));
    expect(fields(id).node).not.toBe(defaultSessionIdNode());
  });

  it.each([-1, 65_536, 1.5, Number.NaN])('refuses node %s', (node) => {
    expect(() => new SessionIds(node)).toThrow(expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' }));
  });
});
