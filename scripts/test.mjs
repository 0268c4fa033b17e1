#!/usr/bin/env node
/**
 * Everything that has to hold before a change lands: set-up, format, lint, types, dependency rules, the Rust checks and
 * tests, and vitest. Ends with the sum of all of them.
 *
 * Usage: node scripts/test.mjs [argument for vitest …]
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cargoCommand } from './lib/cargo.mjs';
import { projectRoot } from './lib/layout.mjs';
import { checkPlatform } from './lib/platform.mjs';
import { closingLine, countCargo, countVitest } from './lib/test-counts.mjs';

checkPlatform();

/** Tools of the checks themselves and of the tests' peers. */
const TEST_TOOLS = ['rust', 'cargo-clippy', 'rustfmt', 'caddy', 'chromium', 'firefox-esr', 'redis-server'];

/** @typedef {import('./lib/test-counts.mjs').Counts} Counts */

/**
 * Runs a command with its output shown as it comes.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ succeeded: boolean, output: string }>}
 */
async function show(command, args, { cwd = projectRoot, env } = {}) {
  process.stdout.write(`\n=== ${[command, ...args].join(' ')}\n`);
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    output += text;
    process.stdout.write(text);
  });
  const succeeded = await new Promise((resolve) => {
    child.once('error', (error) => {
      process.stdout.write(`${command}: ${error.message}\n`);
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
  return { succeeded, output };
}

/** @param {boolean} succeeded @returns {Counts} a check that counts as one test */
const single = (succeeded) => ({ passed: Number(succeeded), failed: Number(!succeeded), skipped: 0 });

/** @param {string} script of package.json @returns {Promise<Counts>} */
async function runNpmScript(script) {
  return single((await show('npm', ['run', '--silent', script])).succeeded);
}

/**
 * @param {import('./lib/inputs.mjs').Inputs} inputs
 * @returns {Promise<Counts[]>} formatting, clippy, tests
 */
async function runCargoChecks(inputs) {
  const clippy = await cargoCommand(inputs, ['clippy', '--all-targets', '--', '-D', 'warnings']);
  const test = await cargoCommand(inputs, ['test']);
  const format = await show('cargo', ['fmt', '--check'], test);
  const lint = await show(clippy.command, clippy.args, clippy);
  const tests = await show(test.command, test.args, test);
  return [single(format.succeeded), single(lint.succeeded), countCargo(tests.output, tests.succeeded)];
}

/** @param {readonly string[]} args @returns {Promise<Counts>} */
async function runVitest(args) {
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-'));
  const report = join(directory, 'report.json');
  const vitest = join(projectRoot, 'node_modules/vitest/vitest.mjs');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { succeeded } = await show(process.execPath, [vitest, 'run', ...reporters, ...args]);
    return countVitest(await readFile(report, 'utf8').catch(() => ''), succeeded);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** @returns {Promise<Counts[]>} */
async function runAll() {
  const { cargoGoals, defaultGoals, setUp } = await import('./lib/setup.mjs');
  const inputs = await setUp({ goals: [...defaultGoals, ...cargoGoals], tools: TEST_TOOLS });
  const counts = [];
  for (const script of ['format:check', 'lint', 'typecheck']) counts.push(await runNpmScript(script));
  counts.push(...(await runCargoChecks(inputs)));
  counts.push(await runVitest(process.argv.slice(2)));
  return counts;
}

try {
  const { line, succeeded } = closingLine(await runAll());
  process.stdout.write(`\n${line}\n`);
  process.exitCode = succeeded ? 0 : 1;
} catch (error) {
  process.stdout.write(`\nSet-up failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write(`\n${closingLine([single(false)]).line}\n`);
  process.exitCode = 1;
}
