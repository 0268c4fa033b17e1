import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, type TestIdentity } from '../support/client.js';
import { runScenario } from '../support/scenario.js';
import type { SlowReaderInput, SlowReaderReport } from './slow-reader-child.js';

const MIB = 1024 * 1024;
/** neqo's largest receive window of a stream. */
const MAX_WINDOW_BYTES = 10 * MIB;

let identity: TestIdentity;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  caddy = await startCaddy({
    certificate: identity.certificate,
    files: { large: 256 * MIB, 'warm-up': 32 * MIB, small: 1024 },
  });
});

afterAll(() => caddy?.stop());

it.each([
  [1, '/small'],
  [32 * MIB, '/warm-up'],
])(
  'a reader that stops after %i bytes stops the server, not the other requests',
  async (readFirstBytes, warmUpPath) => {
    const otherRequests = 100;
    const input: SlowReaderInput = {
      origin: caddy.origin,
      ca: identity.ca,
      largePath: '/large',
      warmUpPath,
      smallPath: '/small',
      readFirstBytes,
      pauseMs: 5_000,
      otherRequests,
    };
    const result = await runScenario<SlowReaderReport>(new URL('./slow-reader-child.ts', import.meta.url), input);
    expect(result).toMatchObject({ otherErrors: 0, otherHashes: [caddy.files.small?.sha256], deliveredWhilePaused: 0 });
    expect(result.growthBytes).toBeLessThan(32 * MIB);
    expect(result.receivedWhilePaused).toBeLessThan(MAX_WINDOW_BYTES + 2 * MIB);
    expect({ bytes: result.bytes, sha256: result.sha256 }).toEqual(caddy.files.large);
  },
);
