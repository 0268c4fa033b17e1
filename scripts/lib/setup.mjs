/**
 * The set-up: decides which steps have to run, makes sure of their tools, and runs them under the cache's lock.
 */
import { mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { addonStep } from '../steps/addon.mjs';
import { cratesStep } from '../steps/crates.mjs';
import { distStep } from '../steps/dist.mjs';
import { neqoStep } from '../steps/neqo.mjs';
import { npmStep } from '../steps/npm.mjs';
import { nssStep } from '../steps/nss.mjs';
import { sourcesStep } from '../steps/sources.mjs';
import { installPackages } from './apt.mjs';
import { pruneOlder, removeLeftovers } from './atomic.mjs';
import { readInputs } from './inputs.mjs';
import { cacheRoot, projectRoot } from './layout.mjs';
import { acquireLock } from './lock.mjs';
import { Progress } from './progress.mjs';
import { planSteps, runSteps } from './scheduler.mjs';
import { commandPath, missingTools, missingToolsMessage } from './tools.mjs';

/** Results kept in the cache, of each kind: enough for a few branches or checkouts. */
const KEPT_RESULTS = 3;

/** What `npm run setup` makes. */
export const defaultGoals = ['npm', 'addon', 'dist'];

/** What cargo's own checks need besides. */
export const cargoGoals = ['crates', 'nss'];

/** @returns {boolean} whether missing tools can be installed here without asking */
const canInstall = () => process.platform === 'linux' && process.getuid?.() === 0;

/**
 * @param {readonly string[]} names of tools
 * @returns {Promise<import('./scheduler.mjs').Step | undefined>} a step that installs those that are missing, if any are
 * @throws {Error} with instructions, where they cannot be installed from here
 */
async function toolsStep(names) {
  const missing = await missingTools(names);
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.flatMap((tool) => tool.packages))];
  if (!canInstall()) throw new Error(missingToolsMessage(missing, 'only root can install packages'));
  return {
    id: 'tools',
    title: `Debian packages (${packages.join(' ')})`,
    after: [],
    isDone: async () => false,
    run: async ({ log, signal, status }) => {
      try {
        await installPackages(packages, { log, signal, onLine: status });
      } catch (error) {
        throw new Error(missingToolsMessage(missing, 'installing them failed'), { cause: error });
      }
      const still = await missingTools(names);
      if (still.length > 0) throw new Error(missingToolsMessage(still, 'still, after installing packages'));
    },
  };
}

/** @param {import('./inputs.mjs').Inputs} inputs @returns {import('./scheduler.mjs').Step[]} needed ones first */
const allSteps = (inputs) => [
  npmStep(),
  sourcesStep(inputs),
  cratesStep(inputs),
  nssStep(inputs),
  neqoStep(inputs),
  addonStep(inputs),
  distStep(inputs),
];

/**
 * Marks the results in use and removes those that nobody has used for longest.
 *
 * @param {import('./inputs.mjs').Inputs} inputs
 */
async function tidyCache(inputs) {
  const now = new Date();
  for (const target of [inputs.sources, inputs.crates, inputs.nss, inputs.cargoTarget, inputs.neqo]) {
    await utimes(target, now, now).catch(() => undefined);
    await pruneOlder(target, KEPT_RESULTS, async (path) => (await stat(path)).mtimeMs);
  }
}

/**
 * @param {import('./scheduler.mjs').Step[]} steps
 * @param {AbortSignal} interrupt
 */
async function runWithProgress(steps, interrupt) {
  const logs = join(cacheRoot(), 'logs');
  await mkdir(logs, { recursive: true });
  const started = new Date().toISOString().replace(/[:.]/g, '-');
  const progress = new Progress(steps.length);
  await runSteps(
    steps,
    async (step, number, signal) => {
      const log = join(logs, `${started}-${step.id}.log`);
      progress.started(step.id, number, step.title);
      try {
        await step.run({ log, signal, status: (line) => progress.line(step.id, line) });
        progress.ended(step.id, 'done');
      } catch (error) {
        progress.ended(step.id, 'failed');
        if (!signal.aborted) progress.note(`Full log: ${log}`);
        throw error;
      }
    },
    interrupt,
  );
}

/**
 * Makes the results that are missing. Without any, it takes milliseconds and starts no process.
 *
 * @param {object} [options]
 * @param {readonly string[]} [options.goals] ids of the steps whose results are wanted; default: {@link defaultGoals}
 * @param {readonly string[]} [options.tools] tools wanted besides those of the steps
 * @returns {Promise<import('./inputs.mjs').Inputs>}
 */
export async function setUp({ goals = defaultGoals, tools = [] } = {}) {
  process.env.PATH = commandPath;
  const inputs = await readInputs();
  const steps = allSteps(inputs);
  if ((await planSteps(steps, goals)).length === 0 && (await missingTools(tools)).length === 0) return inputs;

  const interrupt = new AbortController();
  const onSignal = (/** @type {NodeJS.Signals} */ name) => interrupt.abort(new Error(`stopped by ${name}`));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const release = await acquireLock(join(cacheRoot(), 'lock'), (pid) =>
    process.stdout.write(`Another set-up is running (process ${pid}); waiting for it.\n`),
  );
  try {
    await removeLeftovers(cacheRoot());
    await removeLeftovers(projectRoot, 'dist');
    // Once more, since another set-up may have made it while this one waited.
    const plan = await planSteps(steps, goals);
    const installation = await toolsStep([...tools, ...plan.flatMap((step) => step.tools ?? [])]);
    const needing = installation ? plan.map((step) => ({ ...step, after: ['tools', ...step.after] })) : plan;
    await runWithProgress(installation ? [installation, ...needing] : plan, interrupt.signal);
    await tidyCache(inputs);
  } finally {
    await release();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
  return inputs;
}
