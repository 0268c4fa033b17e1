/** Reads a large body slowly, with a pause, and watches its own memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProtocolChoice } from '../../src/client/dispatcher/agent-options.js';
import { Http3Agent } from '../../src/client/dispatcher/http3-agent.js';
import { createFetch } from '../../src/client/fetch/fetch.js';
import { ResidentSampler, residentBytes } from '../support/memory.js';
import { report, scenarioInput } from '../support/scenario.js';

export interface BackPressureInput {
  readonly origin: string;
  readonly ca: string;
  readonly protocol: ProtocolChoice;
  readonly pauseMs: number;
  /** After which the reader pauses, bytes. */
  readonly pauseAfter: number;
  /** Between pauses of a millisecond, bytes. */
  readonly slice: number;
}

export interface BackPressureReport {
  readonly bytes: number;
  /** Sent by the server when the pause was over, of which `pauseAfter` were read; bytes. */
  readonly sentAtPause: number;
  /** Highest resident set during the pause, less that before the request. */
  readonly pauseGrowthBytes: number;
  /** The same of the whole. */
  readonly growthBytes: number;
}

const { origin, ca, protocol, pauseMs, pauseAfter, slice } = scenarioInput<BackPressureInput>();
const fetch = createFetch(new Http3Agent({ protocol, connect: { ca } }));

// What reads as much as is received ahead leaves the allocator as the real thing will.
await (await fetch(`${origin}/warm-up`)).arrayBuffer();
const before = await residentBytes();
const sampler = new ResidentSampler();
const { body } = await fetch(`${origin}/large`);
let bytes = 0;
let sentAtPause = 0;
let pauseGrowthBytes = 0;
let rest = slice;
for await (const chunk of body ?? []) {
  const paused = bytes >= pauseAfter;
  bytes += (chunk as Uint8Array).byteLength;
  rest -= (chunk as Uint8Array).byteLength;
  if (!paused && bytes >= pauseAfter) {
    await sleep(pauseMs);
    pauseGrowthBytes = (await residentBytes()) - before;
    sentAtPause = Number(await (await fetch(`${origin}/sent`)).text());
  } else if (rest <= 0) {
    rest = slice;
    await sleep(1);
  }
}
sampler.stop();
report({
  bytes,
  sentAtPause,
  pauseGrowthBytes,
  growthBytes: sampler.peakBytes - before,
} satisfies BackPressureReport);
