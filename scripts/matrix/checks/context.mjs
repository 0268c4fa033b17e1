/** What every check of the matrix gets, and what many of them do. */
import assert from 'node:assert/strict';

/**
 * @typedef {typeof import('undici')} Undici
 * @typedef {typeof import('../../../src/undici.js')} Library
 * @typedef {typeof import('../../../src/index.js')} Main
 * @typedef {import('../../../src/undici.js').Http3Agent} Http3Agent
 * @typedef {import('../../../src/undici.js').Http3AgentOptions} Http3AgentOptions
 * @typedef {{ name: string, run(context: Context): Promise<void> }} Check
 */

/** HTTP/3, as the server calls it. */
export const HTTP3 = '3.0';

/** Makes agents for one check and closes them when it ends. */
export class Context {
  #ids = 0;
  /** @type {(() => unknown)[]} */
  #cleanups = [];
  #name;

  /**
   * @param {object} parts
   * @param {string} parts.name of the check
   * @param {Undici} parts.undici the one that is tested
   * @param {Library} parts.library necko-http3/undici
   * @param {Main} parts.main necko-http3
   * @param {number} parts.port of the server
   * @param {string} parts.ca PEM
   */
  constructor({ name, undici, library, main, port, ca }) {
    this.#name = name;
    this.undici = undici;
    this.library = library;
    this.main = main;
    this.port = port;
    this.ca = ca;
    this.origin = `https://localhost:${port}`;
  }

  /** @param {Http3AgentOptions} [options] besides HTTP/3 only and trust in the server */
  agent(options = {}) {
    const { connect, ...others } = options;
    const agent = new this.library.Http3Agent({
      protocol: 'h3',
      ...others,
      connect: { ca: this.ca, .../** @type {object} */ (connect) },
    });
    this.cleanUp(() => agent.destroy());
    return agent;
  }

  /** Runs when the check ends; the last first. @param {() => unknown} cleanup */
  cleanUp(cleanup) {
    this.#cleanups.push(cleanup);
  }

  /** A path with an `id` of its own, for the server to count by. @param {string} path @param {Record<string, string | number>} [query] */
  counted(path, query = {}) {
    this.#ids++;
    const parameters = new URLSearchParams({ id: `${process.pid} ${this.#name} ${this.#ids}` });
    for (const [name, value] of Object.entries(query)) parameters.set(name, `${value}`);
    return `${path}?${parameters}`;
  }

  /** @throws what the first clean-up that failed did; the others are done as well */
  async end() {
    /** @type {unknown[]} */
    const errors = [];
    for (const cleanup of this.#cleanups.reverse()) {
      try {
        await cleanup();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

/** @param {{ [name: string]: unknown }} headers of `request` @param {number} [count] of requests that the server had */
export function assertHttp3(headers, count) {
  assert.equal(headers['x-protocol'], HTTP3, 'the server says that it was not HTTP/3');
  if (count !== undefined) assert.equal(headers['x-count'], `${count}`, 'requests that the server had');
}

/** @param {{ json(): Promise<unknown> }} body of /echo @returns {Promise<import('../server-routes.mjs').Echo>} */
export const echoOf = async (body) => /** @type {import('../server-routes.mjs').Echo} */ (await body.json());

/**
 * @param {Promise<unknown>} promise
 * @returns {Promise<Error & { code?: string, [key: string]: unknown }>} what it was rejected with
 */
export async function rejection(promise) {
  const outcome = await promise.then(
    (value) => ({ value }),
    (/** @type {unknown} */ error) => ({ error }),
  );
  if (!('error' in outcome)) assert.fail('it should have failed');
  const { error } = outcome;
  if (!(error instanceof Error || error instanceof DOMException)) assert.fail(`it failed with ${String(error)}`);
  return /** @type {Error & { code?: string, [key: string]: unknown }} */ (/** @type {unknown} */ (error));
}
