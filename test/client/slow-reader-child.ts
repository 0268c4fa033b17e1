/** Downloads a large body, stops reading in the middle while other requests run, and reads on. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/index.js';
import { ResidentSampler, residentBytes } from '../support/memory.js';
import { report, scenarioInput } from '../support/scenario.js';
import { fetchBytes } from '../support/settlement.js';

export interface SlowReaderInput {
  readonly origin: string;
  readonly ca: string;
  readonly largePath: string;
  /** Of a body that is read before memory is looked at for the first time. */
  readonly warmUpPath: string;
  readonly smallPath: string;
  /** Read before the pause, so that the receive window has grown. */
  readonly readFirstBytes: number;
  readonly pauseMs: number;
  readonly otherRequests: number;
}

export interface SlowReaderReport {
  /** Of the other requests, all of them while the reader stood still. */
  readonly otherHashes: readonly string[];
  readonly otherErrors: number;
  /** Highest resident set during the pause less that before the request. */
  readonly growthBytes: number;
  /** UDP payload that arrived during the pause. */
  readonly receivedWhilePaused: number;
  readonly deliveredWhilePaused: number;
  readonly bytes: number;
  readonly sha256: string;
}

const input = scenarioInput<SlowReaderInput>();
const { origin, ca, largePath, warmUpPath, smallPath, readFirstBytes, pauseMs, otherRequests } = input;
const session = connect(origin, { ca });
// What reads as much as will be read before the pause leaves the allocator as that will.
for (let warm = 0; warm < readFirstBytes; ) warm += (await fetchBytes(session, { ':path': warmUpPath })).bytes;
const residentBefore = await residentBytes();

const stream = session.request({ ':path': largePath });
const hash = createHash('sha256');
let bytes = 0;
let paused = (): void => undefined;
const atPause = new Promise<void>((resolve) => {
  paused = resolve;
});
stream.on('data', (chunk) => {
  const before = bytes;
  bytes += chunk.length;
  hash.update(chunk);
  if (before < readFirstBytes && bytes >= readFirstBytes) {
    stream.pause();
    paused();
  }
});
const ended = new Promise<void>((resolve, reject) => {
  stream.once('close', resolve);
  stream.once('error', reject);
});

await atPause;
// What was read before the pause is garbage by now, and not what this is about.
await residentBytes();
const sampler = new ResidentSampler();
const bytesAtPause = bytes;
const receivedAtPause = (await session.stats())?.bytesReceived ?? 0;
const pause = sleep(pauseMs);
const others = await Promise.all(
  Array.from({ length: otherRequests }, () => fetchBytes(session, { ':path': smallPath })),
);
await pause;
sampler.stop();
const receivedWhilePaused = ((await session.stats())?.bytesReceived ?? 0) - receivedAtPause;
const deliveredWhilePaused = bytes - bytesAtPause;

stream.resume();
await ended;
await session.close();
report({
  otherHashes: [...new Set(others.map(({ sha256 }) => sha256))],
  otherErrors: others.filter(({ error }) => error !== undefined).length,
  growthBytes: sampler.peakBytes - residentBefore,
  receivedWhilePaused,
  deliveredWhilePaused,
  bytes,
  sha256: hash.digest('hex'),
} satisfies SlowReaderReport);
