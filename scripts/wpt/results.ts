/** What a test file gives, whichever host ran it. Names and numbers are those of testharness.js. */

/** In the order of testharness.js' numbers for a subtest. */
const SUBTEST_STATUSES = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'] as const;
/** In the order of testharness.js' numbers for a whole file. */
const HARNESS_STATUSES = ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED'] as const;

export type SubtestStatus = (typeof SUBTEST_STATUSES)[number];
/** CRASH: the process or the page ended, or never told that the file was done. */
export type HarnessStatus = (typeof HARNESS_STATUSES)[number] | 'CRASH';

export interface Subtest {
  readonly name: string;
  readonly status: SubtestStatus;
  /** Of the failed assertion. */
  readonly message: string | undefined;
}

export interface FileResult {
  readonly file: string;
  readonly harness: HarnessStatus;
  readonly harnessMessage: string | undefined;
  readonly subtests: readonly Subtest[];
}

/** A test or a file's status as testharness.js passes it from one context to another. */
export interface RawStatus {
  readonly name?: string;
  readonly status: number;
  readonly message: string | null;
}

export function toSubtest({ name = '', status, message }: RawStatus): Subtest {
  return { name, status: SUBTEST_STATUSES[status] ?? 'NOTRUN', message: message ?? undefined };
}

export function toFileResult(file: string, tests: readonly RawStatus[], { status, message }: RawStatus): FileResult {
  return {
    file,
    harness: HARNESS_STATUSES[status] ?? 'ERROR',
    harnessMessage: message ?? undefined,
    subtests: tests.map(toSubtest),
  };
}

/** The result of a file whose host did not come to its end. @param subtests those that had a result by then */
export function brokenOff(file: string, why: string, subtests: readonly Subtest[] = []): FileResult {
  return { file, harness: 'CRASH', harnessMessage: why, subtests };
}

export function countPassed({ subtests }: FileResult): number {
  return subtests.filter(({ status }) => status === 'PASS').length;
}
