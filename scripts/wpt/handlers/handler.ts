/** What a handler of the tests is given. */
import type { WebTransportRequest } from '../../../src/server/index.js';
import type { Stash } from './stash.js';

export interface HandlerContext {
  readonly request: WebTransportRequest;
  /** Of the request's path. */
  readonly query: URLSearchParams;
  readonly stash: Stash;
}

/** Answers one request for a session. What it throws or rejects with is a fault of the handler, not of the client. */
export type Handler = (context: HandlerContext) => Promise<void> | void;

/** The client may end a stream or the session at any time: what was going on then fails, and that is no fault. */
export async function untilClientEnds(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}

/** Calls a function for each thing that a stream of the session delivers, until that ends in whatever way. */
export async function forEachIncoming<T>(incoming: ReadableStream<T>, handle: (item: T) => void): Promise<void> {
  await untilClientEnds(incoming.pipeTo(new WritableStream({ write: handle })));
}

/** The query's parameter. @throws Error if it is missing: no test leaves it out */
export function required(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null) throw new Error(`${name} is missing`);
  return value;
}
