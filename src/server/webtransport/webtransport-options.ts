import { InvalidArgumentError } from '../../errors.js';
import { count, flag, MAX_COUNT, time } from '../../http/option-checks.js';
import { type WebTransportLimits, webTransportLimits } from '../../stream/webtransport/limits.js';
import type { WebTransportRequest } from './webtransport-request.js';

/** Whether pages of this origin may open the session. What it throws is answered with 500. */
export type OriginCheck = (origin: string, request: WebTransportRequest) => boolean;

/** Option `webTransport` of createSecureServer. Times in milliseconds, sizes in bytes; all limits are those of one connection. */
export interface ServerWebTransportOptions {
  /** Sessions open at once, requests for them included; more are reset with H3_REQUEST_REJECTED. Default 16. */
  readonly maxSessions?: number;
  /**
   * Origins ('https://example.org') whose pages may open sessions; the answer to others is 403. Default: all. Browsers always
   * say where a page comes from, other clients may say what they like, or nothing.
   */
  readonly allowedOrigins?: readonly string[] | OriginCheck;
  /** Refuse requests without an Origin field, which browsers never make, with 403. Default false. */
  readonly requireOrigin?: boolean;
  /** Streams of sessions that the client may have open at once, besides `maxConcurrentStreams` requests. Default 256. */
  readonly maxBidirectionalStreams?: number;
  /** Default 256. */
  readonly maxUnidirectionalStreams?: number;
  /** Largest datagram that is accepted (RFC 9221 3), with all its headers. Default 65,535. */
  readonly maxDatagramSize?: number;
  /** Datagrams that came in one turn of the event loop and wait for JavaScript; the rest is dropped. Default 1,024. */
  readonly incomingDatagramQueue?: number;
  /** Datagrams that wait in the engine for a packet; more wait in the session. Default 128. */
  readonly outgoingDatagramQueue?: number;
  /**
   * Streams and datagrams held for sessions that are not accepted yet. Defaults: as many streams as the client may open, 128
   * datagrams, and 128 KiB of them.
   */
  readonly maxEarlyStreams?: number;
  readonly maxEarlyDatagrams?: number;
  readonly maxEarlyDatagramBytes?: number;
  /** Within which a request has to be accepted or rejected; then the answer is 503. 0: no limit. Default 10,000. */
  readonly acceptTimeout?: number;
  /** Requests that wait in an iterator of `webTransportSessions`; the answer to more is 503. Default 128. */
  readonly maxQueuedSessions?: number;
}

/** The same with every default in place. */
export interface ResolvedServerWebTransport {
  readonly limits: WebTransportLimits;
  /** Undefined: all are. */
  readonly isAllowedOrigin: OriginCheck | undefined;
  readonly requireOrigin: boolean;
  readonly maxBidirectionalStreams: number;
  readonly maxUnidirectionalStreams: number;
  readonly maxDatagramSize: number;
  readonly incomingDatagramQueue: number;
  readonly outgoingDatagramQueue: number;
  readonly acceptTimeout: number;
  readonly maxQueuedSessions: number;
}

/** Of each direction: what is unread in all of them together is bounded by the connection's window (`quic.maxData`). */
const MAX_STREAMS = 256;
/** Of a DATAGRAM frame (RFC 9221 3): what fits into any UDP packet. */
const MAX_DATAGRAM_SIZE = 65_535;
/** Serialized as browsers do it (RFC 6454 6.2): no path, not even '/'. */
const ORIGIN = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+|null)$/;

/** @throws InvalidArgumentError that names the option */
export function resolveServerWebTransport(
  option: boolean | ServerWebTransportOptions | undefined,
): ResolvedServerWebTransport | undefined {
  if (option === undefined || option === false) return undefined;
  if (option !== true && (typeof option !== 'object' || option === null)) {
    throw new InvalidArgumentError('webTransport: must be true, false or an object');
  }
  const given: ServerWebTransportOptions = option === true ? {} : option;
  const number = (
    name: keyof ServerWebTransportOptions,
    value: number | undefined,
    fallback: number,
    max = MAX_COUNT,
    min = 0,
  ): number => count(`webTransport.${name}`, value, fallback, max, min);
  const maxBidirectionalStreams = number('maxBidirectionalStreams', given.maxBidirectionalStreams, MAX_STREAMS);
  const maxUnidirectionalStreams = number('maxUnidirectionalStreams', given.maxUnidirectionalStreams, MAX_STREAMS);
  return {
    limits: resolveLimits(given, webTransportLimits(maxBidirectionalStreams, maxUnidirectionalStreams), number),
    isAllowedOrigin: originCheck(given.allowedOrigins),
    requireOrigin: flag('webTransport.requireOrigin', given.requireOrigin, false),
    maxBidirectionalStreams,
    maxUnidirectionalStreams,
    maxDatagramSize: number('maxDatagramSize', given.maxDatagramSize, MAX_DATAGRAM_SIZE, MAX_DATAGRAM_SIZE, 1),
    incomingDatagramQueue: number('incomingDatagramQueue', given.incomingDatagramQueue, 1024, MAX_COUNT, 1),
    outgoingDatagramQueue: number('outgoingDatagramQueue', given.outgoingDatagramQueue, 128, MAX_COUNT, 1),
    acceptTimeout: time('webTransport.acceptTimeout', given.acceptTimeout, 10_000),
    maxQueuedSessions: number('maxQueuedSessions', given.maxQueuedSessions, 128, MAX_COUNT, 1),
  };
}

type NumberOption = (
  name: keyof ServerWebTransportOptions,
  value: number | undefined,
  fallback: number,
  max?: number,
  min?: number,
) => number;

function resolveLimits(
  given: ServerWebTransportOptions,
  defaults: WebTransportLimits,
  number: NumberOption,
): WebTransportLimits {
  const { maxSessions, maxEarlyStreams, maxEarlyDatagrams, maxEarlyDatagramBytes } = defaults;
  return {
    ...defaults,
    maxSessions: number('maxSessions', given.maxSessions, maxSessions, MAX_COUNT, 1),
    maxEarlyStreams: number('maxEarlyStreams', given.maxEarlyStreams, maxEarlyStreams),
    maxEarlyDatagrams: number('maxEarlyDatagrams', given.maxEarlyDatagrams, maxEarlyDatagrams),
    maxEarlyDatagramBytes: number('maxEarlyDatagramBytes', given.maxEarlyDatagramBytes, maxEarlyDatagramBytes),
  };
}

function originCheck(allowed: readonly string[] | OriginCheck | undefined): OriginCheck | undefined {
  if (allowed === undefined || typeof allowed === 'function') return allowed;
  if (!Array.isArray(allowed)) {
    throw new InvalidArgumentError('webTransport.allowedOrigins: must be a list of origins or a function');
  }
  for (const origin of allowed) {
    if (typeof origin !== 'string' || !ORIGIN.test(origin)) {
      const example = "such as 'https://example.org', without a path";
      throw new InvalidArgumentError(`webTransport.allowedOrigins: ${JSON.stringify(origin)} is no origin, ${example}`);
    }
  }
  const origins = new Set(allowed);
  return (origin) => origins.has(origin);
}
