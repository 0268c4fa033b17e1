// The server's part of the chat: lines on a stream for what must arrive, datagrams for what may get lost.
import { fromLines, toLine } from './page/lines.js';

/** @typedef {import('necko-http3/server').WebTransportServerSession} Session */

/**
 * @typedef {object} Member
 * @property {number} id
 * @property {string} name
 * @property {WritableStreamDefaultWriter} lines
 * @property {WritableStreamDefaultWriter} datagrams
 * @property {Session} session
 */

const MAX_MEMBERS = 100;
const MAX_NAME = 40;
const MAX_TEXT = 1000;
/** Lines that may wait for a member who does not read. */
const MAX_UNREAD = 100;
const TOO_MANY = 1;
const TOO_SLOW = 2;
const MALFORMED = 3;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class ChatRoom {
  /** @type {Set<Member>} */
  #members = new Set();
  #lastId = 0;

  /**
   * Settles when the member has left, for whatever reason.
   *
   * @param {Session} session
   */
  async join(session) {
    if (this.#members.size >= MAX_MEMBERS) {
      session.close({ closeCode: TOO_MANY, reason: 'The room is full' });
      return;
    }
    try {
      for await (const { readable, writable } of session.incomingBidirectionalStreams) {
        await this.#converse(session, fromLines(readable), writable.getWriter());
        break;
      }
      session.close();
    } catch (error) {
      // Without effect if it is the session's own end.
      session.close({ closeCode: MALFORMED, reason: String(error) });
    }
  }

  /**
   * @param {Session} session
   * @param {AsyncGenerator<any>} messages
   * @param {WritableStreamDefaultWriter} lines
   */
  async #converse(session, messages, lines) {
    const { value } = await messages.next();
    if (typeof value?.name !== 'string') throw new TypeError('The first line says no name');
    const name = value.name.slice(0, MAX_NAME);
    const datagrams = session.datagrams.createWritable().getWriter();
    const member = { id: ++this.#lastId, name, lines, datagrams, session };
    for (const { id, name } of this.#members) this.#tell(member, { kind: 'joined', id, name });
    this.#members.add(member);
    this.#tellAll({ kind: 'joined', id: member.id, name });
    try {
      this.#relayDatagrams(member).catch(() => undefined);
      for await (const { text } of messages) {
        this.#tellAll({ kind: 'said', id: member.id, text: String(text).slice(0, MAX_TEXT) });
      }
    } finally {
      this.#members.delete(member);
      this.#tellAll({ kind: 'left', id: member.id });
    }
  }

  /** @param {unknown} event */
  #tellAll(event) {
    for (const member of this.#members) this.#tell(member, event);
  }

  /**
   * @param {Member} member
   * @param {unknown} event
   */
  #tell({ lines, session }, event) {
    // Nobody waits for a reader that does not read: others do not, and the memory for its lines is bounded.
    if ((lines.desiredSize ?? 0) < -MAX_UNREAD) session.close({ closeCode: TOO_SLOW, reason: 'You do not read' });
    else lines.write(toLine(event)).catch(() => undefined);
  }

  /** @param {Member} member */
  async #relayDatagrams({ id, datagrams, session }) {
    for await (const bytes of session.datagrams.readable) {
      const { ping, x, y } = JSON.parse(decoder.decode(bytes));
      if (ping !== undefined) {
        await datagrams.write(bytes);
        continue;
      }
      const pointer = encoder.encode(JSON.stringify({ id, x: Number(x), y: Number(y) }));
      for (const other of this.#members) {
        // Who cannot take it now gets the next one.
        if (other.id === id || (other.datagrams.desiredSize ?? 0) <= 0) continue;
        other.datagrams.write(pointer).catch(() => undefined);
      }
    }
  }
}
