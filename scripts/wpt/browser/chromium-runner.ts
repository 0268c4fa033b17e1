/** Runs test files as pages in headless Chromium. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chromium } from '../../../test/support/chromium.js';
import { brokenOff, type FileResult, type RawStatus, toFileResult } from '../results.js';
import { windowPath } from '../site.js';
import type { TestFile } from '../test-files.js';

/** testharness.js ends a file itself (30 s, or 180 s for a long one); a page that is silent after this is stuck. */
const STUCK_MS = 200_000;

interface FinishedTests {
  readonly tests: readonly RawStatus[];
  readonly status: RawStatus;
}

/**
 * Runs one file in a page of its own. Whatever the page does, there is a result.
 * @param origin of the site
 */
export async function runInChromium(test: TestFile, chromium: Chromium, origin: string): Promise<FileResult> {
  const stuck = new AbortController();
  try {
    const page = await chromium.newPage();
    await page.goto(`${origin}${windowPath(test)}`);
    const finished = await Promise.race([
      page.evaluate<FinishedTests>('finishedTests'),
      sleep(STUCK_MS, undefined, { signal: stuck.signal, ref: false }),
    ]);
    if (finished === undefined) return brokenOff(test.name, 'the page was stuck');
    return toFileResult(test.name, finished.tests, finished.status);
  } catch (error) {
    return brokenOff(test.name, error instanceof Error ? error.message : String(error));
  } finally {
    stuck.abort();
  }
}
