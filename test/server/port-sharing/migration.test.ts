import { expect, it, onTestFinished } from 'vitest';
import { ImpairmentProxy } from '../../support/impairment-proxy.js';
import { patternBytes, patternDigest } from '../../support/pattern.js';
import { fetchBytes } from '../../support/settlement.js';
import { SharingProcesses, who } from './sharing-processes.js';

const TRANSFER_BYTES = 8 * 1024 * 1024;
/** Makes the transfers long enough to rebind in their midst. */
const RATE = { rateBytesPerSecond: 4 * 1024 * 1024 };
/** The kernel may choose the same process again: all of these do so once in 4,096 times. */
const REBINDS = 6;
/** Datagrams between one rebinding and the next. */
const INTERVAL = 500;

it.each(['down', 'up'] as const)("a client's address changes in the middle of a transfer (%s)", async (direction) => {
  const group = await SharingProcesses.start(4);
  const target = { host: '127.0.0.1', port: group.port };
  const proxy = await ImpairmentProxy.start({ seed: 1, target, up: RATE, down: RATE });
  onTestFinished(() => proxy.close());
  const session = group.connect(proxy.port);
  const { pid, sessionId } = await who(session);
  const transfer =
    direction === 'down'
      ? fetchBytes(session, { ':path': `/bytes?length=${TRANSFER_BYTES}` })
      : fetchBytes(session, { ':method': 'POST', ':path': '/digest' }, { body: patternBytes(TRANSFER_BYTES) });
  for (let round = 1; round <= REBINDS; round += 1) {
    await expect
      .poll(async () => (await proxy.counters())[direction].forwarded, { timeout: 20_000 })
      .toBeGreaterThan(INTERVAL * round);
    expect(await proxy.rebind()).toHaveLength(1);
  }
  const { bytes, sha256, body, error } = await transfer;
  expect(error).toBeUndefined();
  expect(direction === 'up' ? JSON.parse(String(body)) : { bytes, sha256 }).toEqual(patternDigest(TRANSFER_BYTES));
  expect(await who(session)).toMatchObject({ pid, sessionId });
  const { datagramsForwarded, accepted } = await group.figures();
  expect(datagramsForwarded).toBeGreaterThan(0);
  expect(accepted).toBe(1);
});
