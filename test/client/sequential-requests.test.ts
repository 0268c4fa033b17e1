import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, type TestIdentity } from '../support/client.js';
import { runScenario } from '../support/scenario.js';
import type { SequentialInput, SequentialReport } from './sequential-requests-child.js';

let identity: TestIdentity;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  caddy = await startCaddy({ certificate: identity.certificate, files: { file: 1024 } });
});

afterAll(() => caddy?.stop());

it('20,000 requests in sequence leave memory flat and no descriptor open', { timeout: 120_000 }, async () => {
  const input: SequentialInput = { origin: caddy.origin, ca: identity.ca, path: '/file', requests: 10_000 };
  const module = new URL('./sequential-requests-child.ts', import.meta.url);
  const result = await runScenario<SequentialReport>(module, input, { deadlineMs: 100_000 });
  expect(result).toMatchObject({
    errors: 0,
    connects: 1,
    hashes: [caddy.files.file?.sha256],
    nativeObjects: 0,
  });
  const [first = 0, second = 0] = result.residentBytes;
  expect(first).toBeGreaterThan(0);
  expect(second / first).toBeLessThan(1.05);
});
