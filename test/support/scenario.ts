/** Programs of their own that a test runs: to watch their memory, or that they end by themselves. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type RunOptions, runModule } from './run-child.js';

/**
 * Runs a module as a program of its own, to its end.
 * @param module URL of a module that takes {@link scenarioInput} and calls {@link report} once
 * @param input passes through JSON
 * @returns what the module reported
 * @throws Error with the program's output if it fails, reports nothing, or does not end by itself before the deadline
 */
export async function runScenario<Report>(
  module: URL,
  input: unknown,
  options: Omit<RunOptions, 'input'> = {},
): Promise<Report> {
  const path = fileURLToPath(module);
  const { exitCode, signal, stdout, stderr } = await runModule(path, { ...options, input: JSON.stringify(input) });
  if (exitCode !== 0 || stdout === '') {
    throw new Error(`${path} ended with ${signal ?? `exit code ${exitCode}`}\n${stdout}\n${stderr}`);
  }
  return JSON.parse(stdout) as Report;
}

/** In the program: what the test gave it. */
export function scenarioInput<Input>(): Input {
  return JSON.parse(readFileSync(0, 'utf8')) as Input;
}

/** In the program: what the test gets. */
export function report(value: unknown): void {
  process.stdout.write(JSON.stringify(value));
}
