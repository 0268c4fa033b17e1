/** The command line of `npm run demo -- serve`. */
import { parseArgs } from 'node:util';

const USAGE = 'Usage: npm run demo -- serve DIR [--port PORT] [--host HOST] [--cert FILE --key FILE]';
const DEFAULT_PORT = 4433;
const DEFAULT_HOST = '127.0.0.1';
const MAX_PORT = 65_535;

/**
 * @typedef {object} ServeOptions
 * @property {string} directory
 * @property {number} port 0: the system chooses
 * @property {string} host
 * @property {{ cert: string, key: string } | undefined} files PEM files of a certificate to use instead of a new one
 */

/**
 * @param {readonly string[]} args
 * @returns {ServeOptions}
 * @throws {Error} that says what is wrong and how it is used
 */
export function parseServeOptions(args) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        cert: { type: 'string' },
        key: { type: 'string' },
      },
    });
    const [directory, ...more] = positionals;
    if (directory === undefined || more.length > 0) throw new Error('serve takes one directory');
    const { cert, key } = values;
    if ((cert === undefined) !== (key === undefined)) throw new Error('--cert and --key belong together');
    return {
      directory,
      port: parsePort(values.port),
      host: values.host ?? DEFAULT_HOST,
      files: cert === undefined || key === undefined ? undefined : { cert, key },
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

/** @param {string | undefined} text */
export function parsePort(text) {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MAX_PORT) throw new Error(`--port: must be 0 to ${MAX_PORT}, not '${text}'`);
  return port;
}
