import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { nodeArgumentsFor } from '../support/child-module.js';
import { patternDigest } from '../support/pattern.js';
import { runProgram } from '../support/run-child.js';
import type { Outcome } from './address-loss-child.js';

const SIZE = 64 * 1024 * 1024;
const CHILD = fileURLToPath(new URL('./address-loss-child.ts', import.meta.url));

/** Why there can be no network namespaces here; undefined if there can. */
async function hindrance(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces';
  const trial = await runProgram('unshare', ['--net', 'ip', 'link', 'add', 'trial1', 'type', 'veth']).catch(String);
  if (typeof trial === 'string') return trial;
  return trial.exitCode === 0 ? undefined : trial.stderr.trim();
}

const obstacle = await hindrance();

/** In network namespaces that end with the child, and their links with them. */
async function run(change: string, activity: string): Promise<Outcome> {
  const args = ['--net', process.execPath, ...nodeArgumentsFor(CHILD), CHILD, change, activity];
  const { exitCode, stdout, stderr } = await runProgram('unshare', args);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${stdout}${stderr}`);
  return JSON.parse(stdout) as Outcome;
}

describe.skipIf(obstacle !== undefined)(
  `the local address is taken away${obstacle === undefined ? '' : ` (${obstacle})`}`,
  () => {
    test.each([
      ['another link is there', 'download', '10.0.2.1'],
      ['another link is there', 'upload', '10.0.2.1'],
      ['another link is there', 'nothing', '10.0.2.1'],
      ['another address comes later', 'download', '10.0.1.2'],
      ['another address comes later', 'upload', '10.0.1.2'],
    ])(
      '%s: %s goes on, byte by byte, on the same connection',
      async (change, activity, address) => {
        const outcome = await run(change, activity);
        expect(outcome).toMatchObject({
          error: null,
          before: '10.0.1.1',
          after: address,
          ...patternDigest(SIZE),
          server: { connections: 1, remoteAddress: address, remotePort: outcome.localPort },
        });
      },
      90_000,
    );
  },
);
