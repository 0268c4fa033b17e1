/** The main program of every server in JavaScript: listens, prints where as one line of JSON, and serves until it is stopped. */
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} ServerTask the program's first argument, as JSON
 * @property {string} host IP literal
 * @property {string} keyFile PEM
 * @property {string} certFile PEM
 * @property {number} workers 0: requests are handled by the thread that owns the socket
 */

/**
 * @typedef {object} ListeningServer
 * @property {(options: { port: number, host: string }, onListening: () => void) => unknown} listen
 * @property {() => string | { port: number } | null} address
 */

/** @param {(options: { key: string, cert: string, workers: number }) => ListeningServer} create */
export function runServerProgram(create) {
  /** @type {ServerTask} */
  const { host, keyFile, certFile, workers } = JSON.parse(process.argv[2] ?? '');
  const server = create({ key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), workers });
  server.listen({ port: 0, host }, () => {
    process.stdout.write(`${JSON.stringify(server.address())}\n`);
  });
}
