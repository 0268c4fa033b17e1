/** 100,000 WebTransport streams, one after the other, of both kinds and from both ends: memory of both processes stays flat. */
import { ownMemory } from './webtransport-memory.js';
import { ASK_FOR_BIDIRECTIONAL, readMessage, writeMessage } from './webtransport-messages.js';
import { withTransport } from './webtransport-pair.mjs';

/** @typedef {import('../../src/webtransport.js').WebTransport} Transport */
/** @typedef {import('./webtransport-memory.js').Memory} Memory */

const SAMPLES = 20;
/** The sample from which on caches and pools have what they need: after 20 %. */
const WARM_SAMPLE = SAMPLES / 5;
const MEBIBYTE = 2 ** 20;
/** Streams that {@link exchangeAll} uses. */
const STREAMS_OF_A_ROUND = 5;

/**
 * @param {import('node:stream/web').ReadableStreamDefaultReader<any>} reader
 * @returns {Promise<any>}
 */
async function take(reader) {
  const { done, value } = await reader.read();
  if (done) throw new Error('the session has ended');
  return value;
}

/** @param {Uint8Array} answer @param {Uint8Array} message */
function expectSame(answer, message) {
  if (Buffer.compare(answer, message) !== 0) throw new Error(`${answer.length} bytes came back, not the message`);
}

/**
 * One message on a bidirectional stream of the client, one on a unidirectional stream of each, and one on a unidirectional stream of the
 * client that the server answers on a bidirectional one, where it comes back again.
 *
 * @param {Transport} transport
 */
function exchangerOf(transport) {
  const bidirectional = transport.incomingBidirectionalStreams.getReader();
  const unidirectional = transport.incomingUnidirectionalStreams.getReader();
  return async () => {
    const echo = await transport.createBidirectionalStream({ waitUntilAvailable: true });
    const message = Uint8Array.of(1);
    await Promise.all([
      writeMessage(echo.writable, message),
      readMessage(echo.readable).then((answer) => expectSame(answer, message)),
    ]);
    await writeMessage(await transport.createUnidirectionalStream({ waitUntilAvailable: true }), message);
    expectSame(await readMessage(await take(unidirectional)), message);
    const question = Uint8Array.of(ASK_FOR_BIDIRECTIONAL);
    await writeMessage(await transport.createUnidirectionalStream({ waitUntilAvailable: true }), question);
    const { readable, writable } = await take(bidirectional);
    const asked = await readMessage(readable);
    expectSame(asked, question);
    await writeMessage(writable, asked);
  };
}

/** @param {string} who @param {Memory} memory */
const describe = (who, { residentBytes, heapBytes }) =>
  `${who} ${(residentBytes / MEBIBYTE).toFixed(1)} MiB resident, ${(heapBytes / MEBIBYTE).toFixed(1)} MiB heap`;

/** @param {readonly Memory[]} samples @param {'residentBytes' | 'heapBytes'} figure */
const ratio = (samples, figure) =>
  ((samples.at(-1)?.[figure] ?? Number.NaN) / (samples[WARM_SAMPLE]?.[figure] ?? Number.NaN)).toFixed(3);

/**
 * @param {object} options
 * @param {number} options.streams
 * @param {(line: string) => void} options.say
 * @throws {Error} if a message did not come back, or native objects have become more
 */
export async function webTransportStreams({ streams, say }) {
  const rounds = Math.ceil(streams / STREAMS_OF_A_ROUND);
  const perSample = Math.ceil(rounds / SAMPLES);
  await withTransport(async (transport, server) => {
    const exchange = exchangerOf(transport);
    /** @type {Readonly<Record<'client' | 'server', Memory[]>>} */
    const memory = { client: [await ownMemory()], server: [await server.call('memory')] };
    const began = performance.now();
    for (let round = 1; round <= rounds; round += 1) {
      await exchange();
      if (round % perSample > 0 && round < rounds) continue;
      const [client, other] = [await ownMemory(), await server.call('memory')];
      memory.client.push(client);
      memory.server.push(other);
      const rate = (round * STREAMS_OF_A_ROUND * 1000) / (performance.now() - began);
      const both = `${describe('client', client)}; ${describe('server', other)}`;
      say(`${round * STREAMS_OF_A_ROUND} streams: ${both}; ${rate.toFixed(0)} streams/s`);
    }
    for (const [who, samples] of Object.entries(memory)) {
      const before = JSON.stringify(samples[WARM_SAMPLE]?.native);
      const after = JSON.stringify(samples.at(-1)?.native);
      const [resident, heap] = [ratio(samples, 'residentBytes'), ratio(samples, 'heapBytes')];
      say(
        `${who}: memory at the end to memory after 20 %: ${resident} resident, ${heap} heap; native objects ${after}`,
      );
      if (before !== after) throw new Error(`${who}: native objects were ${before} after 20 %`);
    }
    say(`the server's streams: ${await server.call('answered')} of ${rounds * 2} taken to the end by the client`);
  });
}
