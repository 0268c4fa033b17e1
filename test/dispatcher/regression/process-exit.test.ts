import { expect, it } from 'vitest';
import { serveChoices } from '../../protocol/support/choice-peer.js';
import { runScenario } from '../../support/scenario.js';
import type { ExitInput } from './process-exit-child.js';

it('an attempt over QUIC that nobody waits for does not keep the process', async () => {
  const peer = await serveChoices();
  peer.altSvc = 'clear';
  const path = await peer.udpPath();
  await path.blackhole(true);
  const input: ExitInput = { origin: peer.origin, ca: peer.ca, udpPort: path.port };
  const child = new URL('./process-exit-child.ts', import.meta.url);
  expect(await runScenario<string>(child, input, { deadlineMs: 20_000 })).toBe('hello');
  expect((await path.counters()).up.blackholed).toBeGreaterThan(0);
});
