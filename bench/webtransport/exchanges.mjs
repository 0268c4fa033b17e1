/** What a client does in an open session. */
import { countBytes, readText, writeBytes, writeText } from './bytes.mjs';
import { datagramWriter } from './library.mjs';

/** @typedef {import('./library.mjs').Session} Session */

/**
 * @typedef {object} Amounts
 * @property {number} requests streams, messages or datagrams
 * @property {number} concurrency of them at once, for streams
 * @property {number} bytes of each
 */

/**
 * @typedef {object} Outcome
 * @property {number} bytes that went through
 * @property {number} [received] datagrams that the server has received
 * @property {number} [receivingSeconds] from the first of these to the last
 * @property {number} [sendingSeconds] until the last one was taken
 */

/** @typedef {(session: Session, amounts: Amounts) => Promise<Outcome>} Exchange */

/** A message in a datagram that has had no answer for this long, twice as much at most, is lost: it is sent again. */
const LOST_MS = 200;

/** What the peer has answered it has received: its acknowledgement of the end may come after the session is closed. */
function ignoreEnd() {}

/** @param {Amounts} amounts @param {() => Promise<number>} exchange of one stream: the bytes @returns {Promise<Outcome>} */
async function onStreams({ requests, concurrency }, exchange) {
  let [bytes, left] = [0, requests];
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const exchanged = await exchange();
      bytes += exchanged;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { bytes };
}

/** @type {Exchange} */
const upload = (session, amounts) =>
  onStreams(amounts, async () => {
    const { readable, writable } = await session.createBidirectionalStream();
    const answer = readText(readable);
    await writeBytes(writable, amounts.bytes);
    return Number(await answer);
  });

/** @type {Exchange} */
const download = (session, amounts) =>
  onStreams(amounts, async () => {
    const { readable, writable } = await session.createBidirectionalStream();
    writeText(writable, String(amounts.bytes)).catch(ignoreEnd);
    return countBytes(readable);
  });

/** @type {Exchange} */
const streams = (session, amounts) => {
  const message = new Uint8Array(amounts.bytes);
  return onStreams(amounts, async () => {
    const { readable, writable } = await session.createBidirectionalStream({ waitUntilAvailable: true });
    const writer = writable.getWriter();
    void writer.write(message);
    writer.close().catch(ignoreEnd);
    return countBytes(readable);
  });
};

/** @type {Exchange} */
const messages = async (session, { requests, bytes: length }) => {
  const { readable, writable } = await session.createBidirectionalStream();
  const [writer, reader] = [writable.getWriter(), readable.getReader()];
  const message = new Uint8Array(length);
  let bytes = 0;
  for (let sent = 1; sent <= requests; sent += 1) {
    void writer.write(message);
    while (bytes < sent * length) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`the server ended the stream after ${bytes} bytes`);
      bytes += value.length;
    }
  }
  return { bytes };
};

/** @type {Exchange} */
const datagramMessages = async (session, { requests, bytes }) => {
  const [writer, reader] = [datagramWriter(session), session.datagrams.readable.getReader()];
  const message = Buffer.alloc(bytes);
  const send = (/** @type {number} */ number) => {
    message.writeUInt32BE(number);
    void writer.write(message);
  };
  let [current, seen] = [0, 0];
  const lost = setInterval(() => {
    if (seen === current) send(current);
    seen = current;
  }, LOST_MS);
  for (current = 1; current <= requests; current += 1) {
    send(current);
    for (let answer = 0; answer !== current; ) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`no more datagrams after ${current} messages`);
      answer = Buffer.from(value.buffer, value.byteOffset, value.byteLength).readUInt32BE();
    }
  }
  clearInterval(lost);
  return { bytes: requests * bytes };
};

/** @type {Exchange} */
const datagrams = async (session, { requests, bytes }) => {
  const writer = datagramWriter(session);
  const datagram = new Uint8Array(bytes);
  const began = performance.now();
  for (let left = requests; left > 0; left -= 1) {
    await writer.ready;
    void writer.write(datagram);
  }
  await writer.ready;
  const sendingSeconds = (performance.now() - began) / 1000;
  const { readable, writable } = await session.createBidirectionalStream();
  writeText(writable, 'how many?').catch(ignoreEnd);
  const { received, seconds } = JSON.parse(await readText(readable));
  if (received > requests) throw new Error(`${received} datagrams received of ${requests}`);
  return { bytes: requests * bytes, received, receivingSeconds: seconds, sendingSeconds };
};

/** @type {Readonly<Record<import('../lib/job.mjs').WebTransportExchange, Exchange>>} */
export const EXCHANGES = { upload, download, streams, messages, datagramMessages, datagrams };
