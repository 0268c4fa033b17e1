/**
 * Runs steps in the order of their needs, side by side where they do not need one another.
 */

/**
 * @typedef {object} StepContext what a step gets when it runs
 * @property {string} log file for the output of its commands
 * @property {(line: string) => void} status shows what it is doing now
 * @property {AbortSignal} signal aborted when another step fails or the user interrupts
 */

/**
 * @typedef {object} Step
 * @property {string} id
 * @property {string} title what the user reads
 * @property {readonly string[]} after ids of the steps whose results it needs
 * @property {() => Promise<boolean>} isDone whether its result is there, for the present inputs; cheap, starts no process
 * @property {(context: StepContext) => Promise<void>} run makes the result
 * @property {readonly string[]} [tools] names of the tools it runs (see tools.mjs)
 */

/**
 * The steps that have to run so that the goals' results are there. A step whose result is missing, but that nothing to
 * be made needs, does not run: a built addon does not ask for the sources it was built from.
 *
 * @param {readonly Step[]} steps in an order in which each comes after those it needs
 * @param {readonly string[]} goals ids
 * @returns {Promise<Step[]>} in the order of `steps`
 */
export async function planSteps(steps, goals) {
  const wanted = new Set(goals);
  /** @type {Step[]} */
  const plan = [];
  for (const step of steps.toReversed()) {
    if (!wanted.has(step.id) || (await step.isDone())) continue;
    plan.unshift(step);
    for (const id of step.after) wanted.add(id);
  }
  return plan;
}

/**
 * Runs all steps, each as soon as those it needs have ended. The first failure aborts the others and is thrown once all
 * have stopped.
 *
 * @param {readonly Step[]} steps ids in `after` that are not among them count as done
 * @param {(step: Step, number: number, signal: AbortSignal) => Promise<void>} runStep number counts from 1
 * @param {AbortSignal} [interrupt]
 */
export async function runSteps(steps, runStep, interrupt) {
  const failure = new AbortController();
  const signal = interrupt ? AbortSignal.any([failure.signal, interrupt]) : failure.signal;
  /** @type {Map<string, Promise<void>>} */
  const running = new Map();
  for (const [index, step] of steps.entries()) {
    const needed = step.after.map((id) => running.get(id));
    running.set(
      step.id,
      Promise.all(needed).then(async () => {
        signal.throwIfAborted();
        try {
          await runStep(step, index + 1, signal);
        } catch (error) {
          failure.abort(error);
          throw error;
        }
      }),
    );
  }
  const results = await Promise.allSettled(running.values());
  // First the interrupt: the failures that it causes are not the reason.
  interrupt?.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;
  const rejected = results.find((result) => result.status === 'rejected');
  if (rejected?.status === 'rejected') throw rejected.reason;
}
