import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeArgumentsFor } from '../../support/child-module.js';
import { runProgram } from '../../support/run-child.js';
import type { LimitReport } from './fd-limit-child.js';

const CHILD = fileURLToPath(new URL('./fd-limit-child.ts', import.meta.url));
const FD_LIMIT = 256;

describe(`a process that may open ${FD_LIMIT} descriptors`, () => {
  let report: LimitReport;

  beforeAll(async () => {
    const node = [process.execPath, ...nodeArgumentsFor(CHILD), CHILD];
    const { stdout, stderr, exitCode } = await runProgram('sh', [
      '-c',
      `ulimit -n ${FD_LIMIT} && exec "$@"`,
      'sh',
      ...node,
    ]);
    expect(exitCode, stderr).toBe(0);
    report = JSON.parse(stdout) as LimitReport;
  });

  it('refuses a connection with the reason', () => {
    expect(report.refusal).toEqual({ code: 'ERR_HTTP3_VIRTUAL_FD_EXHAUSTED', errno: 'EMFILE' });
    // One or two descriptors each; 32 are kept free and Node has some of its own.
    expect(report.opened).toBeGreaterThan(80);
    expect(report.opened).toBeLessThanOrEqual(FD_LIMIT - 32);
  });

  it('still opens files, and its connections work', () => {
    expect(report.filesOpened).toBe(20);
    expect(report.allFound).toBe(true);
    expect(report.socketsOpen).toBe(10);
  });

  it('accepts as many connections again as have ended, by itself', () => {
    expect(report.reopened).toBe(report.opened);
  });

  it('refuses each of 1,000 more at once, without harm', () => {
    expect(report.refusedInARow).toBe(1000);
  });

  it('warns once, and once more when use has fallen and risen again', () => {
    expect(report.warningsAtFirst).toBe(1);
    expect(report.warnings).toBe(2);
  });

  it('has no descriptor left in the end', () => {
    expect(report.descriptorsLeft).toBe(0);
  });
});
