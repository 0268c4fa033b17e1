/** What the clients with an interface of undici's have in common: how a response is asked for, and read. */

/** @typedef {import('undici')} Undici */
/** @typedef {import('undici').Dispatcher} Dispatcher */
/** @typedef {import('./job.mjs').Target & import('./job.mjs').Job} Task */
/** @typedef {(dispatcher: Dispatcher, task: Task) => Promise<number>} Get see `Adapter.get` */

/** @param {number} status */
function expectSuccess(status) {
  if (status !== 200) throw new Error(`status ${status}`);
}

/**
 * @param {Undici['request']} request
 * @returns {Get}
 */
export const getByRequest = (request) => async (dispatcher, task) => {
  const { statusCode, body } = await request(task.origin + task.path, { dispatcher });
  expectSuccess(statusCode);
  let bytes = 0;
  body.on('data', (/** @type {Buffer} */ chunk) => {
    bytes += chunk.length;
  });
  await new Promise((resolve, reject) => body.on('end', resolve).on('error', reject));
  return bytes;
};

/**
 * A small body is taken as a whole and a large one in pieces, as one does.
 *
 * @param {{ readonly status: number, readonly body: AsyncIterable<Uint8Array> | null, arrayBuffer(): Promise<ArrayBuffer> }} response
 * @param {Task} task
 */
export async function readFetched(response, { streamed = false }) {
  expectSuccess(response.status);
  if (!streamed) return (await response.arrayBuffer()).byteLength;
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  return bytes;
}

/**
 * @param {Undici['fetch']} fetch
 * @returns {Get}
 */
export const getByFetch = (fetch) => async (dispatcher, task) =>
  readFetched(await fetch(task.origin + task.path, { dispatcher }), task);
