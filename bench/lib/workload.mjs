/**
 * @typedef {object} Figure what a workload's runs are compared by
 * @property {string} unit
 * @property {(run: import('./run-client.mjs').Measurement) => number} of
 * @property {boolean} [lessIsBetter]
 */

/** @typedef {Readonly<Partial<Record<import('./contenders.mjs').ContenderId, import('./summary.mjs').ContenderSummary>>>} Summaries */

/**
 * @typedef {object} Goal
 * @property {string} text
 * @property {(summaries: Summaries) => number} value
 * @property {import('./contenders.mjs').ContenderId} [needs] nothing is judged where this one could not be measured
 * @property {number} [atLeast]
 * @property {number} [atMost]
 */

/**
 * @typedef {object} Workload
 * @property {string} id
 * @property {string} title
 * @property {() => Promise<string | undefined>} [hindrance] why it cannot run here
 * @property {import('./server.mjs').StartServer} [startServer] for all contenders that do not bring their own
 * @property {string} server name of it, for the table
 * @property {readonly [name: string, bytes: number]} file what is fetched
 * @property {boolean} [isGenerated] there is no such file: the servers make up what they send
 * @property {import('./job.mjs').Job} job
 * @property {readonly import('./contenders.mjs').ContenderId[]} contenders
 * @property {Readonly<Partial<Record<import('./contenders.mjs').ContenderId, import('./contenders.mjs').ContenderId>>>} [counterparts]
 *   which one of ours a contender is compared with, if not the first
 * @property {Figure} figure
 * @property {Figure} cpu processor time of the client, or of the server where that is what is measured
 * @property {readonly Figure[]} [extras] more, for the table only
 * @property {readonly Goal[]} goals
 */

export {};
