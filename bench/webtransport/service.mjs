/** What the servers in JavaScript do with a session; aioquic-server.py does the same. */
import { countBytes, readText, writeBytes, writeText } from './bytes.mjs';
import { datagramWriter } from './library.mjs';

/** @typedef {import('./library.mjs').Session} Session */
/** @typedef {import('./library.mjs').BidirectionalStream} BidirectionalStream */

/** Datagrams that come so long after the one before do not come at all. */
const QUIET_MS = 200;

/** @param {Session} session @param {(stream: BidirectionalStream) => Promise<unknown>} serve */
async function forEachStream({ incomingBidirectionalStreams }, serve) {
  for await (const stream of incomingBidirectionalStreams) serve(stream).catch(ignoreEnd);
}

/** The client ends without a word when it has what it wants. */
function ignoreEnd() {}

/** @param {Session} session */
async function echo(session) {
  const writer = datagramWriter(session);
  const echoDatagrams = async () => {
    for await (const datagram of session.datagrams.readable) await writer.write(datagram);
  };
  echoDatagrams().catch(ignoreEnd);
  await forEachStream(session, ({ readable, writable }) => readable.pipeTo(writable));
}

/** @param {Session} session */
const takeUploads = (session) =>
  forEachStream(session, async ({ readable, writable }) => writeText(writable, String(await countBytes(readable))));

/** @param {Session} session */
const sendDownloads = (session) =>
  forEachStream(session, async ({ readable, writable }) => writeBytes(writable, Number(await readText(readable))));

/** Counts datagrams. The answer on a stream is how many came within how many seconds. @param {Session} session */
async function countDatagrams(session) {
  let [received, first, last] = [0, 0, 0];
  const count = async () => {
    const reader = session.datagrams.readable.getReader();
    for (;;) {
      const { done } = await reader.read();
      if (done) return;
      last = performance.now();
      if (received === 0) first = last;
      received += 1;
    }
  };
  count().catch(ignoreEnd);
  await forEachStream(session, async ({ writable }) => {
    const report = () => writeText(writable, JSON.stringify({ received, seconds: (last - first) / 1000 }));
    const quiet = setInterval(() => {
      if (performance.now() - last < QUIET_MS) return;
      clearInterval(quiet);
      report().catch(ignoreEnd);
    }, QUIET_MS);
  });
}

/** @type {Readonly<Record<string, (session: Session) => Promise<void>>>} */
const SERVICES = { '/echo': echo, '/upload': takeUploads, '/download': sendDownloads, '/datagrams': countDatagrams };

/** Paths that a client may ask for. */
export const PATHS = Object.keys(SERVICES);

/** @type {import('./library.mjs').OnSession} */
export function serve(path, session) {
  SERVICES[path]?.(session).catch(ignoreEnd);
}
