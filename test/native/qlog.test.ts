import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryTokenStore } from '../../src/index.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession } from '../support/client.js';
import { type Qlog, readQlogs, sentPacketTypes } from '../support/qlog.js';
import { runScenario } from '../support/scenario.js';
import { fetchBytes } from '../support/settlement.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { connectionsDrained, visit } from '../support/visit.js';

const BYTES = 1024 * 1024;
const identity = await makeIdentity();
let caddy: Caddy;
beforeAll(async () => {
  const routes = [{ path: '/', respond: { body: 'hello' } }] as const;
  caddy = await startCaddy({ ...identity, files: { 'download.bin': BYTES }, routes });
});
afterAll(() => caddy.stop());

/** The records that any connection which carried a request has. */
function expectComplete({ header, events }: Qlog): void {
  expect(header).toMatchObject({ qlog_format: 'JSON-SEQ', trace: { vantage_point: { type: 'client' } } });
  const names = new Set(events.map(({ name }) => name));
  expect(names).toContain('connectivity:connection_started');
  expect(names).toContain('transport:packet_sent');
  expect(names).toContain('transport:packet_received');
  expect(names).toContain('recovery:metrics_updated');
  const times = events.map(({ time }) => time);
  expect(times.every((time) => Number.isFinite(time) && time >= 0)).toBe(true);
}

describe('the qlogDir option', () => {
  test('writes a file for each connection, with all of it once the connection is over', async () => {
    const qlogDir = await temporaryDirectory();
    const tokenStore = new MemoryTokenStore();
    for (let round = 0; round < 3; round += 1) await visit(caddy.origin, { ca: identity.ca, tokenStore, qlogDir });
    await connectionsDrained();
    const qlogs = await readQlogs(qlogDir);
    expect(qlogs).toHaveLength(3);
    for (const qlog of qlogs) {
      expect(qlog.file).toMatch(/\.qlog$/);
      expectComplete(qlog);
      expect(qlog.events.at(-1)?.data).toBeDefined();
    }
    const types = qlogs.map((qlog) => new Set(sentPacketTypes(qlog)));
    for (const sent of types) for (const type of ['initial', 'handshake', '1RTT']) expect(sent).toContain(type);
    expect(types.filter((sent) => sent.has('0RTT'))).toHaveLength(2);
  });

  test('counts the same packets as the statistics', async () => {
    const qlogDir = await temporaryDirectory();
    const session = openSession(caddy.origin, identity, { qlogDir });
    expect((await fetchBytes(session, { ':path': '/download.bin' })).bytes).toBe(BYTES);
    const stats = await session.stats();
    await session.close();
    await connectionsDrained();
    const [qlog] = await readQlogs(qlogDir);
    const count = (name: string): number => qlog?.events.filter((event) => event.name === name).length ?? 0;
    // The close and what crossed it came after the statistics.
    expect(count('transport:packet_sent')).toBeGreaterThanOrEqual(stats?.packetsSent ?? Number.POSITIVE_INFINITY);
    expect(count('transport:packet_received')).toBeGreaterThan(BYTES / 1500);
  });

  // process.exit() runs no finalizers: it may cut off the last record, which readers of JSON text sequences pass over.
  test.each(['close', 'destroy', 'leave'])('a process that ends by itself leaves whole files (%s)', async (how) => {
    const qlogDir = await temporaryDirectory();
    const scenario = new URL('./qlog-child.ts', import.meta.url);
    expect(await runScenario(scenario, { origin: caddy.origin, ca: identity.ca, qlogDir, how })).toBe(BYTES);
    const qlogs = await readQlogs(qlogDir);
    expect(qlogs).toHaveLength(1);
    for (const qlog of qlogs) expectComplete(qlog);
  });

  test('a folder that is not there fails the connection, with a clear error', async () => {
    const qlogDir = join(await temporaryDirectory(), 'missing');
    const session = openSession(caddy.origin, identity, { qlogDir });
    const { error } = await fetchBytes(session);
    expect(error?.message).toContain('qlog');
    await expect(readdir(qlogDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
