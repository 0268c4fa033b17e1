/** The kinds of requests of the agent soak. Each knows how it may end. */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fetch, request } from 'undici';

/** @typedef {{ readonly origin: string, readonly dispatcher: import('undici').Dispatcher }} Target */
/** @typedef {(target: Target) => Promise<void>} RequestKind rejects if the request did not end as it must */

const SMALL = 1024;
const LARGE = 256 * 1024;
const UPLOAD = Buffer.alloc(4096, 'u');
const PIECES = 4;

/**
 * @param {number} status
 * @param {unknown} got
 * @param {unknown} wanted
 */
function expectAnswer(status, got, wanted) {
  if (status !== 200 || got !== wanted) throw new Error(`status ${status} with ${got} instead of ${wanted}`);
}

/** Expects the abort that was asked for: as undici's error, or as the signal's reason. @param {unknown} error */
function expectAbort(error) {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
}

async function* pieces() {
  for (let left = PIECES; left > 0; left -= 1) {
    yield UPLOAD;
    await nextTurn();
  }
}

/** @type {RequestKind} */
async function getByRequest({ origin, dispatcher }) {
  const { statusCode, body } = await request(`${origin}/${SMALL}`, { dispatcher });
  expectAnswer(statusCode, (await body.arrayBuffer()).byteLength, SMALL);
}

/** @type {RequestKind} */
async function getByFetch({ origin, dispatcher }) {
  const response = await fetch(`${origin}/${SMALL}`, { dispatcher });
  expectAnswer(response.status, (await response.arrayBuffer()).byteLength, SMALL);
}

/** @type {RequestKind} */
async function postBuffer({ origin, dispatcher }) {
  const { statusCode, body } = await request(`${origin}/`, { dispatcher, method: 'POST', body: UPLOAD });
  expectAnswer(statusCode, await body.text(), String(UPLOAD.length));
}

/** @type {RequestKind} */
async function postStream({ origin, dispatcher }) {
  const { statusCode, body } = await request(`${origin}/`, {
    dispatcher,
    method: 'POST',
    body: Readable.from(pieces()),
  });
  expectAnswer(statusCode, await body.text(), String(PIECES * UPLOAD.length));
}

/** @type {RequestKind} */
async function postByFetch({ origin, dispatcher }) {
  const response = await fetch(`${origin}/`, { dispatcher, method: 'POST', body: pieces(), duplex: 'half' });
  expectAnswer(response.status, await response.text(), String(PIECES * UPLOAD.length));
}

/** @type {RequestKind} */
async function abortAtOnce({ origin, dispatcher }) {
  const controller = new AbortController();
  const answer = request(`${origin}/${LARGE}`, { dispatcher, signal: controller.signal });
  controller.abort();
  await answer.then(() => Promise.reject(new Error('the request was aborted and was answered')), expectAbort);
}

/** @type {RequestKind} */
async function abortBeforeResponse({ origin, dispatcher }) {
  const controller = new AbortController();
  const answer = request(`${origin}/${LARGE}`, { dispatcher, signal: controller.signal });
  await nextTurn();
  controller.abort();
  await answer.then(({ body }) => body.arrayBuffer()).then(() => undefined, expectAbort);
}

/** @type {RequestKind} */
async function abortBody({ origin, dispatcher }) {
  const controller = new AbortController();
  const response = await fetch(`${origin}/${LARGE}`, { dispatcher, signal: controller.signal });
  const reader = response.body?.getReader();
  await reader?.read();
  controller.abort();
  await reader?.closed.then(() => undefined, expectAbort);
}

/** @type {RequestKind} */
async function destroyBody({ origin, dispatcher }) {
  const { body } = await request(`${origin}/${LARGE}`, { dispatcher });
  body.on('error', () => undefined).destroy();
}

/** The body is never read. It has arrived nonetheless. @type {RequestKind} */
async function leaveSmallBody({ origin, dispatcher }) {
  const { status } = await fetch(`${origin}/${SMALL}`, { dispatcher });
  expectAnswer(status, SMALL, SMALL);
}

/** Nor is this one, which holds its stream until the response is collected as garbage. @type {RequestKind} */
async function leaveLargeBody({ origin, dispatcher }) {
  const { status } = await fetch(`${origin}/${LARGE}`, { dispatcher });
  expectAnswer(status, LARGE, LARGE);
}

/** @type {Readonly<Record<string, RequestKind>>} */
const RARE = { abortAtOnce, abortBeforeResponse, abortBody, destroyBody, leaveSmallBody };

/** Of twenty requests: what they are. */
const MIX = [
  ...Array(10).fill(getByRequest),
  ...Array(2).fill(getByFetch),
  postBuffer,
  postStream,
  postByFetch,
  ...Object.values(RARE),
];
/** How many bodies may be left unread at most: a connection has room for 100 streams, and collections of garbage come when they like. */
const LARGE_BODY_LEFT_EVERY = 1000;

/**
 * @param {number} index of the request
 * @returns {RequestKind} named
 */
export const kindOf = (index) =>
  index % LARGE_BODY_LEFT_EVERY === LARGE_BODY_LEFT_EVERY - 1
    ? leaveLargeBody
    : (MIX[index % MIX.length] ?? getByRequest);
