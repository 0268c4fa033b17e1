import { patternDigest } from '../../support/pattern.js';
import type { WebTransportStep } from '../../support/webtransport-peers.js';

/** Of streams, in bytes: none, one, more than a datagram, more than any window. */
export const SIZES = [0, 1, 65_536, 16 * 2 ** 20] as const;

/** Steps and what they are to result in. */
interface Expected {
  readonly steps: WebTransportStep[];
  readonly results: unknown[];
}

/** Steps that echo streams of either kind, by their sizes in bytes. */
export function echoed(bidirectional: readonly number[], unidirectional = bidirectional): Expected {
  return {
    steps: [
      ...bidirectional.map((bytes) => ({ do: 'bidi', bytes }) as const),
      ...unidirectional.map((bytes) => ({ do: 'uni', bytes }) as const),
    ],
    results: [...bidirectional, ...unidirectional].map(patternDigest),
  };
}

/** Datagrams of no byte, of one, and of as many as go through the smallest path (RFC 9000 14). */
export const DATAGRAM_SIZES = [0, 1, 1100] as const;

/** Steps that have 20 datagrams of each size echoed. */
export function datagramsEchoed(sizes: readonly number[]): Expected {
  return {
    steps: sizes.map((bytes) => ({ do: 'datagrams', count: 20, bytes })),
    results: sizes.map(() => ({ echoed: 20 })),
  };
}

/**
 * Application error codes: the first and last, and those beside the first gap in the HTTP/3 codes that they are mapped to
 * (draft-ietf-webtrans-http3 4.4).
 */
export const CODES = [0, 0x1d, 0x1e, 0xffffffff] as const;

/** Of a session's end, with characters of one to four bytes; and one as long as it may be (W3C WebTransport 6.10). */
export const CLOSE_REASONS = [
  { kind: 'empty', reason: '' },
  { kind: 'short', reason: 'Grüße, 世界 👋' },
  { kind: 'longest', reason: 'é'.repeat(512) },
] as const;

export const closePath = (code: number, reason: string) =>
  `/close?${new URLSearchParams({ code: String(code), reason })}`;

/** What `/push` leads to. Datagrams that overtake the response may be dropped. */
export function pushed(bytes: number): Readonly<Record<string, unknown>> {
  const digest = patternDigest(bytes);
  return { bidi: digest, uni: digest };
}
