import { H3_ERROR } from '../../../src/errors.js';

/** Ways to break the rules, carried out by `aioquic/breaches.py`; `README.md` explains them. */
export type Breach =
  | { readonly kind: 'none' }
  | { readonly kind: 'capsules'; readonly hex: string; readonly fin: boolean }
  | { readonly kind: 'stray'; readonly session: number; readonly count: number }
  | { readonly kind: 'stream of no session'; readonly session: number; readonly unidirectional: boolean }
  | { readonly kind: 'datagram'; readonly hex: string }
  | { readonly kind: 'codes'; readonly codes: readonly number[] };

const capsules = (hex: string, fin = false): Breach => ({ kind: 'capsules', hex, fin });

/** What ends a session with H3_MESSAGE_ERROR (RFC 9297 3.3, draft-ietf-webtrans-http3 6). */
export const MALFORMED = {
  'a CLOSE capsule without a code': capsules('684303000000'),
  'a reason of 1,025 bytes': capsules(`68434405000000${'07'}${'61'.repeat(1025)}`),
  'a reason that is not UTF-8': capsules('68430600000007ff80'),
  'a DRAIN capsule that is not empty': capsules('800078ae0100'),
  'an end inside a capsule': capsules('68430600', true),
  'a capsule of HTTP/2 alone': capsules('990b4d3e0100'),
} as const;

/** CLOSE with code 7, and one byte more. */
export const AFTER_CLOSE = capsules('6843040000000700');

/** The same, but the byte comes when the CLOSE has been acknowledged. */
export const LONG_AFTER_CLOSE = { ...capsules('68430400000007'), later: capsules('00') } as const;

const streamOfNoSession = (session: number, unidirectional: boolean): Breach => ({
  kind: 'stream of no session',
  session,
  unidirectional,
});
const datagram = (hex: string): Breach => ({ kind: 'datagram', hex });
const { H3_ID_ERROR, H3_DATAGRAM_ERROR } = H3_ERROR;

/**
 * What ends the connection, and the code that it ends with. Only streams that clients open in both directions carry sessions
 * (draft-ietf-webtrans-http3 4); datagrams begin with a quarter of a stream's id (RFC 9297 2.1).
 */
export const FATAL: readonly { readonly what: string; readonly breach: Breach; readonly code: number }[] = [
  { what: 'a bidirectional stream of session 1', breach: streamOfNoSession(1, false), code: H3_ID_ERROR },
  { what: 'a unidirectional stream of session 2', breach: streamOfNoSession(2, true), code: H3_ID_ERROR },
  { what: 'a datagram without a session', breach: datagram(''), code: H3_DATAGRAM_ERROR },
  { what: 'a datagram of a session beyond 2^60 - 1', breach: datagram('d000000000000000'), code: H3_DATAGRAM_ERROR },
];

/**
 * Codes of RESET_STREAM and STOP_SENDING that are no application's: of HTTP/3, around the range, at its first gap, the largest
 * that JSON carries.
 */
export const FOREIGN_CODES = [
  0,
  0x10c,
  0x52e4a40fa8da,
  0x52e4a40fa8f9,
  0x52e5ac983163,
  Number.MAX_SAFE_INTEGER,
] as const;
