/** Sends requests one after another on one connection and reports its memory and what is left in the end. */
import { connect } from '../../src/index.js';
import { loadAddon } from '../../src/native.js';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { residentBytes } from '../support/memory.js';
import { report, scenarioInput } from '../support/scenario.js';
import { fetchBytes } from '../support/settlement.js';

export interface SequentialInput {
  readonly origin: string;
  readonly ca: string;
  readonly path: string;
  /** Of each of the two rounds. */
  readonly requests: number;
}

export interface SequentialReport {
  /** Distinct SHA-256 of the bodies. */
  readonly hashes: readonly string[];
  readonly errors: number;
  readonly connects: number;
  /** After each round. */
  readonly residentBytes: readonly number[];
  readonly nativeObjects: number;
}

const { origin, ca, path, requests } = scenarioInput<SequentialInput>();
const before = listDescriptors();
const session = connect(origin, { ca });
let connects = 0;
session.on('connect', () => {
  connects += 1;
});
const hashes = new Set<string>();
let errors = 0;
const resident: number[] = [];
for (let round = 0; round < 2; round += 1) {
  for (let count = 0; count < requests; count += 1) {
    const { error, sha256 } = await fetchBytes(session, { ':path': path });
    if (error !== undefined) errors += 1;
    hashes.add(sha256);
  }
  resident.push(await residentBytes());
}
await session.close();
await expectNoNewDescriptors(before);
const { connections, polls } = loadAddon().counters();
report({
  hashes: [...hashes],
  errors,
  connects,
  residentBytes: resident,
  nativeObjects: connections + polls,
} satisfies SequentialReport);
