/** Adding up what different test runners report. */

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * A run that failed without a failed test (a crash, a compile error) counts as one failure.
 *
 * @param {Counts} counts
 * @param {boolean} succeeded
 * @returns {Counts}
 */
const withOutcome = (counts, succeeded) => (succeeded || counts.failed > 0 ? counts : { ...counts, failed: 1 });

/**
 * @param {string} output of `cargo test`, all targets
 * @param {boolean} succeeded whether cargo ended with 0
 * @returns {Counts}
 */
export function countCargo(output, succeeded) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  return withOutcome(counts, succeeded);
}

/**
 * @param {string} report of vitest's JSON reporter; empty if there is none
 * @param {boolean} succeeded whether vitest ended with 0
 * @returns {Counts}
 */
export function countVitest(report, succeeded) {
  if (report === '') return withOutcome({ passed: 0, failed: 0, skipped: 0 }, false);
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(report);
  const counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  return withOutcome(counts, succeeded);
}

/**
 * @param {readonly Counts[]} all
 * @returns {{ line: string, succeeded: boolean }} for example `412 passed, 0 failed`
 */
export function closingLine(all) {
  const sum = (/** @type {keyof Counts} */ field) => all.reduce((total, counts) => total + counts[field], 0);
  const skipped = sum('skipped');
  const line = `${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, succeeded: sum('failed') === 0 };
}
