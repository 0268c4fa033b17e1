/** How a stream finds what was made of it: its listeners are functions that all streams share. */
import type { EventEmitter } from 'node:events';
import type { ServerHttp3Stream } from '../server-types.js';

/** The part of a request that belongs to its stream. */
export const INCOMING: unique symbol = Symbol('incoming');
/** The part of a response that belongs to its stream. */
export const OUTGOING: unique symbol = Symbol('outgoing');
/** Set on the streams of the TCP sibling: 2. */
export const HTTP_VERSION: unique symbol = Symbol('httpVersion');

/** One half of an exchange, and the object that the listener has of it. */
export interface MessageHalf {
  readonly message: EventEmitter;
}

export interface MessageStream<Incoming extends MessageHalf = MessageHalf, Outgoing extends MessageHalf = MessageHalf>
  extends ServerHttp3Stream {
  [INCOMING]?: Incoming;
  [OUTGOING]?: Outgoing;
  readonly [HTTP_VERSION]?: number;
}
