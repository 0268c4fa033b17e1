import type { WebTransportLimits } from './limits.js';

/** Which end of the connection: the client opens sessions, the server takes them. */
export type WebTransportRole = 'client' | 'server';

/**
 * What differs on the wire between the generations of draft-ietf-webtrans-http3. Stream headers, capsules, datagrams and
 * error codes are the same in all of them.
 */
export interface WebTransportVersion {
  readonly name: 'draft-02' | 'draft-07' | 'draft-14' | 'draft-15';
  /** Value of `:protocol`. */
  readonly protocol: 'webtransport' | 'webtransport-h3';
  /**
   * It has flow control of sessions. Unless both ends declare that, a connection may have one session (draft 14, 5.1): a second
   * CONNECT is refused with H3_REQUEST_REJECTED.
   */
  readonly flowControl: boolean;
  /** A subprotocol in the answer that was not offered ends the session with WT_ALPN_ERROR (draft 15, 3.3); else it is ignored. */
  readonly strictSubprotocol: boolean;
}

const DRAFT_02: WebTransportVersion = {
  name: 'draft-02',
  protocol: 'webtransport',
  flowControl: false,
  strictSubprotocol: false,
};
const DRAFT_07: WebTransportVersion = { ...DRAFT_02, name: 'draft-07' };
const DRAFT_14: WebTransportVersion = { ...DRAFT_02, name: 'draft-14', flowControl: true };
/** Drafts 15 and 16 are the same on the wire. */
const DRAFT_15: WebTransportVersion = {
  name: 'draft-15',
  protocol: 'webtransport-h3',
  flowControl: true,
  strictSubprotocol: true,
};

export const WEBTRANSPORT_VERSIONS: readonly WebTransportVersion[] = [DRAFT_02, DRAFT_07, DRAFT_14, DRAFT_15];

/** Of both directions; a peer that does not know them ignores them. */
export const SUBPROTOCOLS_OFFERED_FIELD = 'wt-available-protocols';
export const SUBPROTOCOL_CHOSEN_FIELD = 'wt-protocol';
/** Draft 02 wants these; servers of webtransport-go before 0.10 refuse requests without the first. Harmless otherwise. */
export const DRAFT_02_REQUEST_FIELD: readonly [name: string, value: string] = ['sec-webtransport-http3-draft02', '1'];
export const DRAFT_02_RESPONSE_FIELD: readonly [name: string, value: string] = [
  'sec-webtransport-http3-draft',
  'draft02',
];

/** Identifiers of SETTINGS. */
export const SETTING = {
  /** RFC 9220 3. */
  ENABLE_CONNECT_PROTOCOL: 0x08,
  /** RFC 9297 2.1.1. */
  H3_DATAGRAM: 0x33,
  /** draft-ietf-masque-h3-datagram-04, which draft 02 refers to. */
  H3_DATAGRAM_DRAFT04: 0xffd277,
  /** Drafts 02 to 06: 1. Peers close the connection on anything above. */
  ENABLE_WEBTRANSPORT: 0x2b603742,
  /** Drafts 07 to 12: how many sessions. */
  WEBTRANSPORT_MAX_SESSIONS: 0xc671706a,
  /** Drafts 13 and 14: how many sessions. */
  WT_MAX_SESSIONS: 0x14e9cd29,
  /** Drafts 15 and 16: 1. */
  WT_ENABLED: 0x2c7cf000,
  /** Drafts 13 and later: limits of a new session, 0 if absent. */
  WT_INITIAL_MAX_DATA: 0x2b61,
  WT_INITIAL_MAX_STREAMS_UNI: 0x2b64,
  WT_INITIAL_MAX_STREAMS_BIDI: 0x2b65,
} as const;

/** Stream ids end there (draft 15, 5.6.2; RFC 9000 4.6). */
export const MAX_STREAM_COUNT = 2 ** 60;

/** What an end lets the other send in a new session. */
export interface InitialSessionLimits {
  /** Bytes of streams. */
  readonly maxData: number;
  /** Streams that the other end opens. */
  readonly maxStreamsBidirectional: number;
  readonly maxStreamsUnidirectional: number;
  /** Limits must grow (draft 15, 5.6); before, they could be repeated. */
  readonly strict: boolean;
}

/** SETTINGS that announce every version, and flow control of sessions, flat: identifier, value, identifier, value … */
export function localSettings(role: WebTransportRole, limits: WebTransportLimits): readonly number[] {
  return [
    [SETTING.ENABLE_CONNECT_PROTOCOL, 1],
    [SETTING.H3_DATAGRAM, 1],
    [SETTING.H3_DATAGRAM_DRAFT04, 1],
    [SETTING.ENABLE_WEBTRANSPORT, 1],
    [SETTING.WEBTRANSPORT_MAX_SESSIONS, role === 'server' ? limits.maxSessions : 1],
    [SETTING.WT_MAX_SESSIONS, role === 'server' ? limits.maxSessions : 1],
    [SETTING.WT_ENABLED, 1],
    [SETTING.WT_INITIAL_MAX_DATA, limits.sessionWindow],
    [SETTING.WT_INITIAL_MAX_STREAMS_UNI, limits.sessionStreamsUnidirectional],
    [SETTING.WT_INITIAL_MAX_STREAMS_BIDI, limits.sessionStreamsBidirectional],
  ].flat();
}

/** The rule about these settings that the peer breaks (draft 16, 5 and 9.2), if it breaks one. */
export function settingsDefect(settings: ReadonlyMap<number, number>): string | undefined {
  if (value(settings, SETTING.WT_ENABLED) > 1) return 'WT_ENABLED is neither 0 nor 1';
  const streams = [SETTING.WT_INITIAL_MAX_STREAMS_UNI, SETTING.WT_INITIAL_MAX_STREAMS_BIDI];
  return streams.some((id) => value(settings, id) > MAX_STREAM_COUNT) ? 'more streams than there can be' : undefined;
}

/** What the peer's SETTINGS allow a new session of this version; undefined without flow control of sessions (draft 15, 5.1). */
export function initialSessionLimits(
  version: WebTransportVersion,
  settings: ReadonlyMap<number, number>,
): InitialSessionLimits | undefined {
  if (!version.flowControl) return undefined;
  const maxData = value(settings, SETTING.WT_INITIAL_MAX_DATA);
  const maxStreamsBidirectional = value(settings, SETTING.WT_INITIAL_MAX_STREAMS_BIDI);
  const maxStreamsUnidirectional = value(settings, SETTING.WT_INITIAL_MAX_STREAMS_UNI);
  const severalSessions = version === DRAFT_14 && value(settings, SETTING.WT_MAX_SESSIONS) > 1;
  if (maxData + maxStreamsBidirectional + maxStreamsUnidirectional === 0 && !severalSessions) return undefined;
  return { maxData, maxStreamsBidirectional, maxStreamsUnidirectional, strict: version === DRAFT_15 };
}

/** The newest version that the server's SETTINGS announce with all that it needs, or undefined. */
export function chooseClientVersion(settings: ReadonlyMap<number, number>): WebTransportVersion | undefined {
  const has = (id: number): boolean => value(settings, id) > 0;
  if (has(SETTING.ENABLE_CONNECT_PROTOCOL) && has(SETTING.H3_DATAGRAM)) {
    if (has(SETTING.WT_ENABLED)) return DRAFT_15;
    if (has(SETTING.WT_MAX_SESSIONS)) return DRAFT_14;
    if (has(SETTING.WEBTRANSPORT_MAX_SESSIONS)) return DRAFT_07;
  }
  return has(SETTING.ENABLE_WEBTRANSPORT) && hasDatagrams(settings) ? DRAFT_02 : undefined;
}

/**
 * The version of a CONNECT request, or undefined if it is for none that the client's SETTINGS allow.
 *
 * The token tells drafts 15 and later from those before; SETTINGS tell these from one another. Clients of webtransport-go
 * before 0.12 announce none at all and speak draft 02.
 *
 * @param protocol value of `:protocol`
 */
export function chooseServerVersion(
  settings: ReadonlyMap<number, number>,
  protocol: string,
): WebTransportVersion | undefined {
  if (!hasDatagrams(settings)) return undefined;
  if (protocol === DRAFT_15.protocol) return DRAFT_15;
  if (protocol !== DRAFT_02.protocol) return undefined;
  if (value(settings, SETTING.WT_MAX_SESSIONS) > 0) return DRAFT_14;
  if (value(settings, SETTING.WEBTRANSPORT_MAX_SESSIONS) > 0) return DRAFT_07;
  return DRAFT_02;
}

function hasDatagrams(settings: ReadonlyMap<number, number>): boolean {
  return settings.get(SETTING.H3_DATAGRAM) === 1 || settings.get(SETTING.H3_DATAGRAM_DRAFT04) === 1;
}

function value(settings: ReadonlyMap<number, number>, id: number): number {
  return settings.get(id) ?? 0;
}

/** How many sessions a connection of this version may have at once. */
export function sessionLimit(
  version: WebTransportVersion,
  role: WebTransportRole,
  settings: ReadonlyMap<number, number>,
  limits: WebTransportLimits,
): number {
  if (version.flowControl && initialSessionLimits(version, settings) === undefined) return 1;
  if (role === 'server') return limits.maxSessions;
  if (version === DRAFT_07) return Math.min(value(settings, SETTING.WEBTRANSPORT_MAX_SESSIONS), limits.maxSessions);
  if (version === DRAFT_14) return Math.min(value(settings, SETTING.WT_MAX_SESSIONS), limits.maxSessions);
  return limits.maxSessions;
}
