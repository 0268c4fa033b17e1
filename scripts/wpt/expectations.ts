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

/** A deviation that was there as expected. */
export interface KnownDeviation extends Omit<Deviation, 'subtests'> {
  readonly subtests: readonly { readonly name: string; readonly passesInChromium: boolean }[];
}

export interface Comparison {
  /** What is not as expected, a line each; nothing: the run passes. */
  readonly problems: readonly string[];
  readonly known: readonly KnownDeviation[];
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
  const inChromium = new Map(chromium.map((result) => [result.file, passedIn(result)]));
  const problems = node.flatMap((result) => [
    ...brokenIn('Node', result),
    ...unexpectedIn(result, deviations, inChromium.get(result.file) ?? new Set()),
  ]);
  // What Chromium passes and what not is its own matter; that the files run there shows that the server serves them.
  problems.push(...chromium.flatMap((result) => brokenIn('Chromium', result)));
  const known = node.flatMap((result) => knownIn(result, deviations, inChromium.get(result.file) ?? new Set()));
  return { problems, known };
}

/** Names of the subtests that passed. */
function passedIn({ subtests }: FileResult): ReadonlySet<string> {
  return new Set(subtests.filter(({ status }) => status === 'PASS').map(({ name }) => name));
}

function brokenIn(host: string, { file, harness, harnessMessage, subtests }: FileResult): string[] {
  if (harness !== 'OK') return [`${file} in ${host}: ${harness}${harnessMessage ? `: ${harnessMessage}` : ''}`];
  return subtests.length === 0 ? [`${file} in ${host}: no subtest has a result`] : [];
}

function unexpectedIn(
  { file, subtests }: FileResult,
  deviations: readonly Deviation[],
  inChromium: ReadonlySet<string>,
): string[] {
  const known = deviations.filter((deviation) => deviation.file === file);
  const names = new Set(subtests.map(({ name }) => name));
  const wrong = subtests.flatMap(({ name, status, message }) => {
    const expected = known.find((deviation) => deviation.subtests.includes(name))?.status ?? 'PASS';
    if (status === expected) return [];
    return [`${file}: ${name}: ${status}, expected ${expected}${message ? `: ${message}` : ''}`];
  });
  // A subtest that Node never came to.
  const missing = [...inChromium].filter((name) => !names.has(name));
  const gone = known.flatMap((deviation) => deviation.subtests).filter((name) => !names.has(name));
  return [
    ...wrong,
    ...missing.map((name) => `${file}: ${name}: it has a result in Chromium alone`),
    ...gone.map((name) => `${file}: ${name}: it is expected to fail, and does not exist`),
  ];
}

function knownIn(
  { file, subtests }: FileResult,
  deviations: readonly Deviation[],
  inChromium: ReadonlySet<string>,
): KnownDeviation[] {
  const withStatus = (status: SubtestStatus) =>
    new Set(subtests.filter((subtest) => subtest.status === status).map(({ name }) => name));
  return deviations
    .filter((deviation) => deviation.file === file)
    .map((deviation) => ({
      ...deviation,
      subtests: deviation.subtests
        .filter((name) => withStatus(deviation.status).has(name))
        .map((name) => ({ name, passesInChromium: inChromium.has(name) })),
    }))
    .filter((deviation) => deviation.subtests.length > 0);
}
