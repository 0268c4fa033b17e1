/**
 * @typedef {object} Server
 * @property {string} origin such as `https://127.0.0.1:4433`
 * @property {number} pid
 * @property {() => Promise<void>} stop
 * @property {Path} [path] the way to it, if that is not loopback
 */

/**
 * @typedef {object} Path
 * @property {(file: string, args: readonly string[]) => [file: string, ...args: string[]]} clientCommand that runs a client at its other end
 * @property {(round: number) => Promise<void>} beginRun makes it behave alike for all runs of a round
 */

/**
 * Starts a server for a site.
 *
 * @typedef {(site: import('./site.mjs').Site) => Promise<Server>} StartServer
 */

export {};
