import { expect, onTestFinished, test } from 'vitest';
import { type ClientHttp3Session, connect } from '../../../src/index.js';
import { ServerProcess } from '../../support/server-process.js';
import { fetchBytes, type Settlement } from '../../support/settlement.js';

const DESCRIPTORS = 256;
const CLIENTS = 300;
const CLOSED = 40;
const BYTES = 2000;
/** Pairs are held back for a while before they are used again, and a connection ends three probe timeouts after its close. */
const REUSE_DEADLINE_MS = 10_000;

function get(session: ClientHttp3Session): Promise<Settlement> {
  return fetchBytes(session, { ':path': `/${BYTES}` });
}

test('with 256 descriptors, connection 300 is refused, others work, and places are used again', async () => {
  const server = await ServerProcess.start({}, { descriptorLimit: DESCRIPTORS });
  onTestFinished(() => server.stop());
  const sessions: ClientHttp3Session[] = [];
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
  });
  const open = async (): Promise<{ session: ClientHttp3Session; settlement: Settlement }> => {
    const session = connect(server.origin, { rejectUnauthorized: false });
    sessions.push(session);
    return { session, settlement: await get(session) };
  };

  const open300 = await Promise.all(Array.from({ length: CLIENTS }, open));
  const accepted = open300.filter(({ settlement }) => settlement.error === undefined);
  const refused = open300.filter(({ settlement }) => settlement.error !== undefined);
  // A pair is two descriptors, and the process has others.
  expect(accepted.length).toBeGreaterThan(DESCRIPTORS / 4);
  expect(accepted.length).toBeLessThan(DESCRIPTORS / 2);
  const refusal = { code: 'ECONNREFUSED', errorName: 'CONNECTION_REFUSED', safeToRetry: true };
  for (const { settlement } of refused) expect(settlement.error).toMatchObject(refusal);
  const last = await open();
  expect(last.settlement.error).toMatchObject(refusal);
  expect((await server.usage()).descriptors).toBeLessThan(DESCRIPTORS);

  for (const { session } of accepted) expect(await get(session)).toMatchObject({ bytes: BYTES, error: undefined });

  for (const { session } of accepted.slice(0, CLOSED)) session.destroy();
  const kept = accepted.slice(CLOSED);
  const again = async (): Promise<number> => (await open()).settlement.bytes;
  for (let count = 0; count < CLOSED; count += 1) {
    await expect.poll(again, { timeout: REUSE_DEADLINE_MS }).toBe(BYTES);
  }
  for (const { session } of kept) expect(await get(session)).toMatchObject({ bytes: BYTES, error: undefined });
  expect(await server.counts()).toMatchObject({ connects: accepted.length + CLOSED, unexpected: 0, repeatedIds: 0 });
});
