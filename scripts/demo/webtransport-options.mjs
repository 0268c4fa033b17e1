/** The command line of `npm run demo -- webtransport`. */
import { parseArgs } from 'node:util';
import { parsePort } from './serve-options.mjs';

const USAGE = 'Usage: npm run demo -- webtransport [--port PORT] [--host HOST] [--once]';
const DEFAULT_HOST = '127.0.0.1';

/**
 * @typedef {object} WebTransportDemoOptions
 * @property {number} port 0: the system chooses
 * @property {string} host
 * @property {boolean} once end after the check from Node
 */

/**
 * @param {readonly string[]} args
 * @returns {WebTransportDemoOptions}
 * @throws {Error} that says what is wrong and how it is used
 */
export function parseWebTransportOptions(args) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { port: { type: 'string' }, host: { type: 'string' }, once: { type: 'boolean' } },
    });
    const { host = DEFAULT_HOST, once = false } = values;
    return { port: parsePort(values.port), host, once };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}
