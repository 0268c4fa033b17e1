/** Goals of a workload. None of them fails the run: a clock's word depends on the machine. */

/** @typedef {import('./workload.mjs').Goal} Goal */
/** @typedef {import('./workload.mjs').Summaries} Summaries */
/** @typedef {import('./contenders.mjs').ContenderId} ContenderId */

/**
 * @param {Summaries} summaries
 * @param {ContenderId} id
 * @returns {number} median of its figure, NaN if it was not measured
 */
export const median = (summaries, id) => summaries[id]?.figure.median ?? Number.NaN;

/**
 * @param {Summaries} summaries
 * @param {ContenderId} one
 * @param {ContenderId} other
 * @returns {number} median of one divided by that of the other
 */
export const oneOver = (summaries, one, other) => median(summaries, one) / median(summaries, other);

/**
 * @param {Summaries} summaries
 * @param {ContenderId} other
 * @returns {number} median of ours divided by that of the other
 */
export const oursOver = (summaries, other) => oneOver(summaries, 'ours', other);

/**
 * @param {Summaries} summaries
 * @param {ContenderId} other
 * @returns {number} the other's processor time divided by ours
 */
export const cpuOverOurs = (summaries, other) =>
  (summaries[other]?.cpu.median ?? Number.NaN) / (summaries.ours?.cpu.median ?? Number.NaN);

/**
 * @param {readonly Goal[]} goals
 * @param {Summaries} summaries
 * @returns {readonly Goal[]} those whose contenders could be measured
 */
export const goalsToJudge = (goals, summaries) =>
  goals.filter(({ needs }) => needs === undefined || summaries[needs] !== undefined);

/**
 * @param {Goal} goal
 * @param {Summaries} summaries
 * @returns {{ text: string, value: number, reached: boolean }}
 */
export function judge({ text, value: measure, atLeast = -Infinity, atMost = Infinity }, summaries) {
  const value = measure(summaries);
  return { text, value, reached: value >= atLeast && value <= atMost };
}
