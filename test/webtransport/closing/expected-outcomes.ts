import type { Outcomes } from './ledger.js';

/** How a session ended, seen from one side. */
export type End =
  | { readonly kind: 'closed here' | 'closed there'; readonly closeCode: number; readonly reason: string }
  | { readonly kind: 'failed' | 'failed before it was ready' };

const SESSION = 'WebTransportError session';
const DONE = /^fulfilled( \{.*"done":true.*\})?$/;
/** What may be over in the moment of the end. */
const DONE_OR_SESSION = /^(fulfilled|WebTransportError session)$/;
const DONE_OR_INVALID_STATE = /^(fulfilled|InvalidStateError)$/;

type Expectation = string | RegExp;

/** Promises by their names, the first that matches: what W3C WebTransport 6 ("cleanup") says of them. */
function expectation(name: string, end: End): Expectation {
  const { kind } = end;
  const clean = kind === 'closed here' || kind === 'closed there';
  switch (true) {
    case name === 'ready':
      return kind === 'failed before it was ready' ? SESSION : 'fulfilled';
    case name === 'closed':
      return clean ? `fulfilled ${JSON.stringify({ closeCode: end.closeCode, reason: end.reason })}` : SESSION;
    case name === 'draining':
      // Fulfilled if the server said before that it was about to go.
      return /^(pending|fulfilled)$/;
    case name === 'afterwards close':
      return 'fulfilled';
    case name === 'afterwards getStats':
      return clean ? 'fulfilled' : 'InvalidStateError';
    case name === 'afterwards datagram':
      // A WritableStream that is closed, or one that is errored.
      return clean ? 'TypeError' : SESSION;
    case name.startsWith('afterwards'):
    case name.startsWith('create'):
      return 'InvalidStateError';
    case name === 'getStats' || name === 'exportKeyingMaterial':
      return kind === 'failed before it was ready' ? 'InvalidStateError' : DONE_OR_INVALID_STATE;
    case name === 'last datagram write' || name === 'datagram close' || name === 'datagram writer.closed':
      return clean ? 'fulfilled' : DONE_OR_SESSION;
    case /^(incoming|open datagram|datagram)/.test(name):
      return clean ? DONE : SESSION;
    default:
      return kind === 'closed here' ? 'AbortError' : SESSION;
  }
}

/** @returns one line for each promise that did not do what it should have */
export function surprises(outcomes: Outcomes, end: End): string[] {
  return Object.entries(outcomes).flatMap(([name, outcome]) => {
    const expected = expectation(name, end);
    const isExpected = typeof expected === 'string' ? outcome === expected : expected.test(outcome);
    return isExpected ? [] : [`${name}: ${outcome}, expected: ${expected}`];
  });
}
