/** What is known to deviate in Node, and why: everything else has to pass. */
import { readFile } from 'node:fs/promises';
import type { FileResult, SubtestStatus } from './results.js';

/** Subtests of a file that deviate for one reason. */
export interface Deviation {
  readonly file: string;
  readonly subtests: readonly string[];
  /** What they give instead of PASS. */
  readonly status: Exclude<SubtestStatus, 'PASS'>;
  /** They look at something that only a page in a browser has; they do not count in the percentage. */
  readonly needsPage?: boolean;
  readonly reason: string;
}

export interface Comparison {
  /** What is not as expected, a line each; nothing: the run passes. */
  readonly problems: readonly string[];
  /** Subtests that Chromium passes and Node is known not to, with their reasons. */
  readonly behindChromium: readonly string[];
}

export async function readDeviations(file: URL): Promise<readonly Deviation[]> {
  return JSON.parse(await readFile(file, 'utf8')) as readonly Deviation[];
}

/**
 * @param node what ran in Node
 * @param chromium the same files in Chromium, as far as they ran there
 * @param deviations all that are known; those of files that did not run are left alone
 */
export function compare(
  node: readonly FileResult[],
  chromium: readonly FileResult[],
  deviations: readonly Deviation[],
): Comparison {
  const problems: string[] = [];
  const behindChromium: string[] = [];
  for (const result of node) {
    const { file, harness, harnessMessage, subtests } = result;
    if (harness !== 'OK') problems.push(`${file}: ${harness}${harnessMessage ? `: ${harnessMessage}` : ''}`);
    if (subtests.length === 0) problems.push(`${file}: no subtest has a result`);
    const known = deviations.filter((deviation) => deviation.file === file);
    const inChromium = new Set(passedIn(chromium.find((other) => other.file === file)));
    for (const { name, status, message } of subtests) {
      const deviation = known.find((candidate) => candidate.subtests.includes(name));
      const expected = deviation?.status ?? 'PASS';
      const line = `${file}: ${name}: ${status}`;
      if (status !== expected) problems.push(`${line}, expected ${expected}${message ? `: ${message}` : ''}`);
      else if (deviation !== undefined && inChromium.has(name)) behindChromium.push(`${line}: ${deviation.reason}`);
      inChromium.delete(name);
    }
    // Only in Chromium: a subtest that Node never came to.
    for (const name of inChromium) problems.push(`${file}: ${name}: it has a result in Chromium alone`);
    const names = new Set(subtests.map(({ name }) => name));
    for (const name of known.flatMap((deviation) => deviation.subtests)) {
      if (!names.has(name)) problems.push(`${file}: ${name}: it is expected to fail, and does not exist`);
    }
  }
  return { problems, behindChromium };
}

/** Names of the subtests that passed. */
function passedIn(result: FileResult | undefined): string[] {
  return (result?.subtests ?? []).filter(({ status }) => status === 'PASS').map(({ name }) => name);
}
