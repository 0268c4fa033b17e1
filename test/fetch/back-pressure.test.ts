import { expect, it } from 'vitest';
import { runScenario } from '../support/scenario.js';
import type { BackPressureInput, BackPressureReport } from './back-pressure-child.js';
import { PROTOCOL, servePeer } from './support/fetch-peer.js';

const MIB = 1024 * 1024;
const LARGE = 100 * MIB;
const PIECE = 64 * 1024;
/** neqo's largest receive window of a stream, and what the server has in its own buffers. */
const AHEAD = 12 * MIB;

it('a slow reader of 100 MiB slows the server, and memory stays bounded', async () => {
  let sent = 0;
  const { origin, ca } = await servePeer((request, response) => {
    if (request.url === '/sent') {
      response.end(String(sent));
      return;
    }
    let left = request.url === '/large' ? LARGE : 16 * MIB;
    const write = (): void => {
      while (left > 0) {
        left -= PIECE;
        if (request.url === '/large') sent += PIECE;
        if (!response.write(Buffer.alloc(PIECE, left >> 16))) {
          response.once('drain', write);
          return;
        }
      }
      response.end();
    };
    write();
  });
  const input: BackPressureInput = {
    origin,
    ca,
    protocol: PROTOCOL,
    pauseMs: 2000,
    pauseAfter: 8 * MIB,
    slice: MIB / 4,
  };
  const result = await runScenario<BackPressureReport>(new URL('./back-pressure-child.ts', import.meta.url), input);
  expect(result.bytes).toBe(LARGE);
  expect(result.sentAtPause).toBeLessThan(input.pauseAfter + AHEAD);
  expect(result.pauseGrowthBytes).toBeLessThan(24 * MIB);
  expect(result.growthBytes).toBeLessThan(64 * MIB);
});
