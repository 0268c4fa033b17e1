/** Shows `fetch` finding its way to HTTP/3: over HTTP/2 first, then by Alt-Svc, then with a resumption token in 0-RTT. */
import { createFetch, getConnectionInfo, MemoryAgentStore } from './library.mjs';
import { fetchFacts } from './summary.mjs';

/** The server may be busy, and what is shown must not depend on that: QUIC gets so long before TCP is tried besides it, in milliseconds. */
const HEAD_START_MS = 10_000;

/**
 * @param {string} origin
 * @param {string} ca PEM
 * @param {AbortSignal} signal
 * @param {(text: string) => void} say
 */
export async function showFetch(origin, ca, signal, say) {
  const store = new MemoryAgentStore();
  const makeFetch = () => createFetch({ store, headStart: HEAD_START_MS, allowH2: true, connect: { ca } });

  const fetch = makeFetch();
  try {
    await show('nothing is known of the server yet', fetch);
    await show('its first response said in Alt-Svc that it has HTTP/3', fetch);
  } finally {
    await fetch.agent.close();
  }
  // As after a restart, with a store that outlives it.
  const later = makeFetch();
  try {
    await show('another agent, with the same store: Alt-Svc and a resumption token', later);
  } finally {
    await later.agent.close();
  }

  /** @param {string} why @param {import('../../src/index.js').BoundFetch} via */
  async function show(why, via) {
    const response = await via(`${origin}/hello`, { signal });
    await response.text();
    const info = getConnectionInfo(response);
    if (response.status !== 200 || info === undefined) throw new Error(`/hello: status ${response.status}`);
    for (const line of fetchFacts(why, info)) say(line);
  }
}
