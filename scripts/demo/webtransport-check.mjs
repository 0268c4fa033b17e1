/** A client in Node that shows what WebTransport sessions can do, and checks every byte of it. */
import { createHash, randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebTransport } from 'necko-http3/webtransport';
import { Chat } from '../../examples/webtransport/page/chat.js';
import { bodySha256, generateBody } from '../../test/support/site-files.js';
import { fact } from './summary.mjs';

const STREAM_BYTES = 32 * 1024 * 1024;
/** Streams at once, and round trips of each kind. */
const COUNT = 100;
const MESSAGE = 'a message of thirty-two bytes ..';
/** Until another datagram is sent instead of one that may be lost. */
const DATAGRAM_PATIENCE_MS = 100;
const MAX_DATAGRAMS = 100;
const CLOSE = { closeCode: 7, reason: 'Goodbye' };

/** @typedef {(line: string) => void} Say */

/**
 * @param {string} url
 * @param {string} sha256 of the certificate, in hex
 */
function open(url, sha256) {
  return new WebTransport(url, {
    serverCertificateHashes: [{ algorithm: 'sha-256', value: Buffer.from(sha256, 'hex') }],
  });
}

/** @param {number} milliseconds */
const time = (milliseconds) => `${milliseconds.toFixed(2)} ms`;

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * @param {string} url
 * @param {string} sha256
 * @param {Say} say
 * @throws {Error} if something else comes back than was sent
 */
export async function checkEcho(url, sha256, say) {
  const start = performance.now();
  const transport = open(url, sha256);
  try {
    await transport.ready;
    say(fact('ready', `after ${time(performance.now() - start)}; ${transport.reliability}`));
    say(fact('a stream', await bigEcho(transport)));
    say(fact(`${COUNT} streams`, await echoAtOnce(transport)));
    say(fact('round trip', `${time(median(await streamRoundTrips(transport)))} on a stream, a new one each time`));
    say(fact('', await datagramRoundTrips(transport)));
    const { smoothedRtt = Number.NaN, packetsSent = 0, packetsLost = 0 } = await transport.getStats();
    say(fact('connection', `round trip ${time(smoothedRtt)}; ${packetsSent} packets sent, ${packetsLost} lost`));
  } finally {
    transport.close(CLOSE);
  }
  const { closeCode, reason } = await transport.closed;
  say(fact('closed', `with code ${closeCode}, '${reason}'`));
}

/** @param {WebTransport} transport @returns {Promise<string>} what to say of it */
async function bigEcho(transport) {
  const start = performance.now();
  const { readable, writable } = await transport.createBidirectionalStream();
  const [digest] = await Promise.all([
    sha256Of(readable),
    ReadableStream.from(generateBody(STREAM_BYTES)).pipeTo(writable),
  ]);
  if (digest !== bodySha256(STREAM_BYTES)) throw new Error('The stream came back with other bytes');
  const seconds = (performance.now() - start) / 1000;
  const megabytes = STREAM_BYTES / 1e6;
  return `${megabytes.toFixed(1)} MB there and back, byte-exact: ${(megabytes / seconds).toFixed(0)} MB/s each way`;
}

/** @param {AsyncIterable<Uint8Array>} readable */
async function sha256Of(readable) {
  const hash = createHash('sha256');
  for await (const bytes of readable) hash.update(bytes);
  return hash.digest('hex');
}

/** @param {WebTransport} transport @returns {Promise<number>} milliseconds until all of it was back */
async function echoOnce(transport) {
  const start = performance.now();
  const { readable, writable } = await transport.createBidirectionalStream({ waitUntilAvailable: true });
  const writer = writable.getWriter();
  const ended = Promise.all([writer.write(Buffer.from(MESSAGE)), writer.close()]);
  const answer = await text(readable);
  const milliseconds = performance.now() - start;
  if (answer !== MESSAGE) throw new Error(`A stream came back with '${answer}'`);
  await ended;
  return milliseconds;
}

/** @param {WebTransport} transport */
async function echoAtOnce(transport) {
  await Promise.all(Array.from({ length: COUNT }, () => echoOnce(transport)));
  return `at once, ${MESSAGE.length} bytes each, there and back`;
}

/** @param {WebTransport} transport */
async function streamRoundTrips(transport) {
  const times = [];
  for (let count = 0; count < COUNT; count += 1) times.push(await echoOnce(transport));
  return times;
}

/**
 * @param {WritableStreamDefaultWriter} writer
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 */
async function echoDatagram(writer, reader) {
  const start = performance.now();
  const send = () => writer.write(Buffer.from(MESSAGE));
  // One that was lost would be waited for in vain: the next of the same content does as well.
  const repeat = setInterval(send, DATAGRAM_PATIENCE_MS);
  try {
    send();
    const { value } = await reader.read();
    if (value === undefined || String(Buffer.from(value)) !== MESSAGE)
      throw new Error('A datagram came back with other bytes');
    return performance.now() - start;
  } finally {
    clearInterval(repeat);
  }
}

/** @param {WebTransport} transport */
async function datagramRoundTrips({ datagrams }) {
  const writer = datagrams.createWritable().getWriter();
  const reader = datagrams.readable.getReader();
  const times = [];
  for (let count = 0; count < COUNT; count += 1) times.push(await echoDatagram(writer, reader));
  return `${time(median(times))} as a datagram, of up to ${datagrams.maxDatagramSize} bytes (medians of ${COUNT})`;
}

/**
 * @param {string} url
 * @param {string} sha256
 * @param {Say} say
 * @throws {Error} if they do not hear one another
 */
export async function checkChat(url, sha256, say) {
  const transports = [open(url, sha256), open(url, sha256)];
  const [first, second] = transports;
  try {
    const ann = await Chat.join(/** @type {WebTransport} */ (first), 'Ann');
    const events = ann.events();
    await expect(events, { kind: 'joined', name: 'Ann' });
    const bob = await Chat.join(/** @type {WebTransport} */ (second), 'Bob');
    const { id } = await expect(events, { kind: 'joined', name: 'Bob' });
    say(fact('joined', `Ann hears that Bob is there, number ${id}`));
    await bob.say('Hello Ann');
    await expect(events, { kind: 'said', id, text: 'Hello Ann' });
    say(fact('said', "Ann hears 'Hello Ann'"));
    const pointed = await pointer(ann, bob);
    say(fact('pointed', `Ann sees the pointer of number ${pointed.id} at ${pointed.x}, ${pointed.y}, by a datagram`));
    second?.close();
    await expect(events, { kind: 'left', id });
    say(fact('left', 'Ann hears that Bob has gone'));
  } finally {
    for (const transport of transports) transport.close();
  }
}

/**
 * @param {AsyncGenerator<import('../../examples/webtransport/page/chat.js').ChatEvent>} events
 * @param {Readonly<Record<string, unknown>>} wanted
 */
async function expect(events, wanted) {
  const { value } = await events.next();
  const differs = Object.entries(wanted).some(([key, expected]) => value?.[key] !== expected);
  if (differs) throw new Error(`The chat said ${JSON.stringify(value)} instead of ${JSON.stringify(wanted)}`);
  return value;
}

/**
 * @param {Chat} seeing
 * @param {Chat} pointing
 * @returns {Promise<{ id: number, x: number, y: number }>}
 * @throws {Error} if no datagram arrives
 */
async function pointer(seeing, pointing) {
  const seen = new Promise((resolve) => {
    seeing.onPointer = resolve;
  });
  for (let count = 0; count < MAX_DATAGRAMS; count += 1) {
    pointing.point(0.25, 0.75);
    const position = await Promise.race([seen, sleep(DATAGRAM_PATIENCE_MS)]);
    if (position !== undefined) return position;
  }
  throw new Error('No datagram of the chat arrived');
}

/**
 * @param {string} url
 * @param {Say} say
 * @throws {Error} if the server is taken for another one
 */
export async function checkHash(url, say) {
  const transport = open(url, randomBytes(32).toString('hex'));
  const code = await transport.ready.then(
    () => undefined,
    ({ cause }) => cause?.code,
  );
  transport.close();
  if (code !== 'ERR_WEBTRANSPORT_CERTIFICATE_HASH') throw new Error(`A wrong hash led to ${code ?? 'a session'}`);
  say(fact('refused', code));
}
