/** `@currentspace/http3` (quiche). */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { runClientProgram } from '../lib/client-program.mjs';
import { requirePeer } from '../lib/peer-require.mjs';

/** Of the server's certificate. */
const HOST_NAME = 'localhost';

const { connectAsync } = requirePeer('@currentspace/http3');

/**
 * It does not queue requests beyond the server's stream limit but throws, sometimes well below it: so this asks again in the next
 * turn of the event loop, as its user would have to.
 *
 * @param {any} session
 * @param {Record<string, string>} headers
 */
async function requestPatiently(session, headers) {
  for (;;) {
    try {
      return session.request(headers, { endStream: true });
    } catch (error) {
      if (!/StreamLimit|StreamBlocked/.test(String(error))) throw error;
      await nextTurn();
    }
  }
}

await runClientProgram({
  // It finds no IP address in a certificate, only names.
  open: (target, ca) => connectAsync(target.origin, { ca, servername: HOST_NAME }),
  get: async (session, target) => {
    const stream = await requestPatiently(session, {
      ':method': 'GET',
      ':scheme': 'https',
      ':authority': new URL(target.origin).host,
      ':path': target.path,
    });
    let bytes = 0;
    stream.on('data', (/** @type {Buffer} */ chunk) => {
      bytes += chunk.length;
    });
    return new Promise((resolve, reject) => {
      stream.on('response', (/** @type {Record<string, string>} */ headers) => {
        if (headers[':status'] !== '200') reject(new Error(`status ${headers[':status']}`));
      });
      stream.on('end', () => resolve(bytes));
      stream.on('error', reject);
    });
  },
  close: (session) => void session.close(),
});
