/** Every timeout of undici, over HTTP/3 and over HTTP/2: the error's class and code, and how far from the set time it came. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, errors, request } from 'undici';
import { Http3Agent } from '../../src/undici.js';
import { SilentServer } from './silent-server.mjs';

/** undici's own timers tick about once a second for times above that; ours are exact. */
const SET_MS = 2000;
const HEAD_START_MS = 250;
const PAUSE_MS = 3000;

/**
 * @typedef {object} Measured
 * @property {string} what
 * @property {number} set milliseconds
 * @property {number} [took] milliseconds
 * @property {Error & { code?: string }} [error]
 * @property {(typeof errors)['UndiciError']} [wanted]
 */

/** @param {() => Promise<unknown>} attempt @returns {Promise<{ took: number, error?: Error & { code?: string } }>} */
async function time(attempt) {
  const start = performance.now();
  const error = await attempt().then(
    () => undefined,
    (/** @type {Error} */ reason) => reason,
  );
  return { took: performance.now() - start, ...(error && { error }) };
}

/** @param {import('undici').Dispatcher} dispatcher @param {string} url @param {object} [options] */
async function read(dispatcher, url, options = {}) {
  const { body } = await request(url, { dispatcher, ...options });
  return body.text();
}

/**
 * The body's timeout, counted from when the reader goes on after a pause that is longer than it.
 *
 * @param {import('undici').Dispatcher} dispatcher @param {string} url
 */
async function readAfterPause(dispatcher, url) {
  const { body } = await request(url, { dispatcher, bodyTimeout: SET_MS });
  // Nobody reads: what the server sends fills the buffers, and the time stands still.
  await sleep(PAUSE_MS);
  return time(async () => {
    for await (const _ of body);
  });
}

/** A UDP port that takes everything and says nothing. */
async function blackHole() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/**
 * @param {object} options
 * @param {(line: string) => void} options.say
 */
export async function timeouts({ say }) {
  const server = await SilentServer.start();
  const hole = await blackHole();
  const { origin, ca } = server;
  const agents = {
    'HTTP/3': new Http3Agent({ protocol: 'h3', connect: { ca } }),
    'undici over HTTP/2': new Agent({ allowH2: true, connect: { ca } }),
  };
  try {
    for (const [name, agent] of Object.entries(agents)) {
      say(name);
      report(
        say,
        'headersTimeout',
        errors.HeadersTimeoutError,
        await time(() => read(agent, `${origin}/silent`, { headersTimeout: SET_MS })),
      );
      report(
        say,
        'bodyTimeout',
        errors.BodyTimeoutError,
        await time(() => read(agent, `${origin}/begins`, { bodyTimeout: SET_MS })),
      );
      report(
        say,
        `bodyTimeout, after ${PAUSE_MS} ms paused`,
        errors.BodyTimeoutError,
        await readAfterPause(agent, `${origin}/much`),
      );
    }
    const lost = new Http3Agent({ protocol: 'h3', connect: { ca, timeout: SET_MS } });
    say('HTTP/3 alone');
    const nowhere = `https://127.0.0.1:${hole.address().port}/`;
    report(say, 'connect.timeout', errors.ConnectTimeoutError, await time(() => read(lost, nowhere)));
    await lost.destroy();
    const idle = new Http3Agent({ protocol: 'h3', keepAliveTimeout: SET_MS, connect: { ca } });
    await read(idle, `${origin}/`);
    report(say, 'keepAliveTimeout', undefined, await time(() => once(idle, 'disconnect')));
    await idle.close();
    const blocked = new Http3Agent({ hints: [{ origin, port: hole.address().port }], connect: { ca } });
    const tcp = await time(() => read(agents['undici over HTTP/2'], `${origin}/`));
    const both = await time(() => read(blocked, `${origin}/`));
    say(
      `  UDP blackholed: ${both.took.toFixed(0)} ms; head start ${HEAD_START_MS} ms, TCP on an open connection ${tcp.took.toFixed(0)} ms`,
    );
    await blocked.destroy();
  } finally {
    for (const agent of Object.values(agents)) await agent.destroy();
    hole.close();
    await server.stop();
  }
}

/**
 * @param {(line: string) => void} say
 * @param {string} what
 * @param {Function | undefined} wanted class of undici
 * @param {{ took: number, error?: Error & { code?: string } }} measured
 */
function report(say, what, wanted, { took, error }) {
  if (wanted !== undefined && !(error instanceof wanted)) throw new Error(`${what}: ${error} is no ${wanted.name}`);
  const off = (((took - SET_MS) / SET_MS) * 100).toFixed(1);
  const ended = error === undefined ? '' : `, ${error.constructor.name} ${error.code}`;
  say(`  ${what}: set ${SET_MS} ms, came after ${took.toFixed(0)} ms (${off} %)${ended}`);
}
