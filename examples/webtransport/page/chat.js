// A client of the chat, by the W3C API alone: the same module in browsers and in Node.
import { fromLines, toLine } from './lines.js';

/**
 * What the server says, a line each.
 *
 * @typedef {{ kind: 'joined', id: number, name: string } | { kind: 'left', id: number }
 *   | { kind: 'said', id: number, text: string }} ChatEvent
 */

/** Milliseconds after which a datagram counts as lost. */
const PATIENCE = 1000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Chat {
  /**
   * Called when somebody's pointer has moved; coordinates from 0 to 1.
   *
   * @type {(pointer: { id: number, x: number, y: number }) => void}
   */
  onPointer = () => undefined;
  #stream;
  #lines;
  #datagrams;
  /** @type {Map<number, () => void>} */
  #pings = new Map();
  #lastPing = 0;

  /**
   * Joins under a name.
   *
   * @param {import('necko-http3/webtransport').WebTransport} transport to `/chat` of the server
   * @param {string} name
   * @throws {WebTransportError} if there is no session
   */
  static async join(transport, name) {
    const stream = await transport.createBidirectionalStream();
    const chat = new Chat(transport, stream);
    // The server learns of a stream by its first bytes.
    await chat.#send({ name });
    return chat;
  }

  /**
   * @private
   * @param {import('necko-http3/webtransport').WebTransport} transport
   * @param {import('necko-http3/webtransport').WebTransportBidirectionalStream} stream
   */
  constructor({ datagrams }, stream) {
    this.#stream = stream;
    this.#lines = stream.writable.getWriter();
    // Browsers that are a little older have the writable itself.
    this.#datagrams = (datagrams.createWritable?.() ?? datagrams.writable).getWriter();
    this.#receive(datagrams.readable).catch(() => undefined);
  }

  /** @param {string} text */
  say(text) {
    return this.#send({ text });
  }

  /**
   * Shows the others where this pointer is. It may get lost: the next one comes soon.
   *
   * @param {number} x from 0 to 1
   * @param {number} y
   */
  point(x, y) {
    this.#sendDatagram({ x, y });
  }

  /** @returns {Promise<number | undefined>} milliseconds until a datagram came back; undefined: it did not */
  ping() {
    const ping = ++this.#lastPing;
    const start = performance.now();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#pings.delete(ping) && resolve(undefined), PATIENCE);
      this.#pings.set(ping, () => {
        clearTimeout(timer);
        resolve(performance.now() - start);
      });
      this.#sendDatagram({ ping });
    });
  }

  /**
   * Who is there already, then who comes, says something and goes. To be iterated once.
   *
   * @returns {AsyncGenerator<ChatEvent>}
   */
  events() {
    return fromLines(this.#stream.readable);
  }

  /** @param {unknown} message */
  async #send(message) {
    await this.#lines.write(toLine(message));
  }

  /** @param {unknown} message */
  #sendDatagram(message) {
    // It fails when the session is over, which everybody hears of elsewhere.
    this.#datagrams.write(encoder.encode(JSON.stringify(message))).catch(() => undefined);
  }

  /** @param {ReadableStream<Uint8Array>} readable */
  async #receive(readable) {
    for await (const bytes of readable) {
      const message = JSON.parse(decoder.decode(bytes));
      const answered = this.#pings.get(message.ping);
      this.#pings.delete(message.ping);
      if (answered === undefined) this.onPointer(message);
      else answered();
    }
  }
}
