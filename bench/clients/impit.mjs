/** `impit` (reqwest with quinn and h3), which has `fetch` only. */
import { runClientProgram } from '../lib/client-program.mjs';
import { requirePeer } from '../lib/peer-require.mjs';
import { readFetched } from '../lib/undici-adapter.mjs';

const { Impit } = requirePeer('impit');

/** A server that answers before it has read the end of a request says so with STOP_SENDING and this code (RFC 9114 4.1). */
const ANSWERED_EARLY = 'H3_NO_ERROR';

/**
 * It takes that STOP_SENDING for a failure of the response, in up to a tenth of the requests to Caddy: so this asks again, as its user
 * would have to.
 *
 * @param {any} impit
 * @param {import('../lib/undici-adapter.mjs').Task} task
 * @returns {Promise<number>}
 */
async function getPatiently(impit, task) {
  for (;;) {
    try {
      return await readFetched(await impit.fetch(task.origin + task.path, { forceHttp3: true }), task);
    } catch (error) {
      if (!String(error).includes(ANSWERED_EARLY)) throw error;
    }
  }
}

await runClientProgram({
  // It can be given no authority of one's own, only told to verify nothing.
  open: () => new Impit({ http3: true, ignoreTlsErrors: true }),
  get: getPatiently,
  close: () => undefined,
});
