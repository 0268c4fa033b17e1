/**
 * @typedef {object} Server
 * @property {string} origin such as `https://127.0.0.1:4433`
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a server for a site.
 *
 * @typedef {(site: import('./site.mjs').Site) => Promise<Server>} StartServer
 */

export {};
