import { describe, expect, it } from 'vitest';
import { webTransportLimits } from '../../../src/stream/webtransport/limits.js';
import {
  chooseClientVersion,
  chooseServerVersion,
  sessionLimit,
  WEBTRANSPORT_VERSIONS,
} from '../../../src/stream/webtransport/versions.js';
import { WebTransportMux } from '../../../src/stream/webtransport/webtransport-mux.js';
import { FakeCarrier } from './fake-carrier.js';
import { ALL_SETTINGS, DRAFT_02_SETTINGS, Fixture, flowControlSettings } from './session-fixture.js';

const CONNECT = 0x08;
const DATAGRAM = 0x33;
const DATAGRAM_04 = 0xffd277;
const DRAFT_02 = 0x2b603742;
const DRAFT_07 = 0xc671706a;
const DRAFT_14 = 0x14e9cd29;
const DRAFT_15 = 0x2c7cf000;
const MAX_DATA = 0x2b61;
const MAX_STREAMS_UNI = 0x2b64;
const MAX_STREAMS_BIDI = 0x2b65;
const newMux = (role: 'client' | 'server', carrier = new FakeCarrier(role)) =>
  new WebTransportMux(carrier, role, webTransportLimits(100, 100));
const settings = (...ids: number[]): Map<number, number> => new Map(ids.map((id) => [id, 1]));

it('announces every version, and flow control of sessions', () => {
  const limits = {
    ...webTransportLimits(100, 100),
    maxSessions: 5,
    sessionWindow: 1000,
    sessionStreamsBidirectional: 7,
    sessionStreamsUnidirectional: 8,
  };
  const flat = WebTransportMux.localSettings('server', limits);
  const sent = new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]));
  expect(Object.fromEntries(sent)).toEqual({
    [CONNECT]: 1,
    [DATAGRAM]: 1,
    [DATAGRAM_04]: 1,
    [DRAFT_02]: 1,
    [DRAFT_07]: 5,
    [DRAFT_14]: 5,
    [DRAFT_15]: 1,
    [MAX_DATA]: 1000,
    [MAX_STREAMS_UNI]: 8,
    [MAX_STREAMS_BIDI]: 7,
  });
});

describe('a client takes the newest version that the server announces in full', () => {
  it.each([
    ['everything', ALL_SETTINGS, 'draft-15'],
    ['without extended CONNECT', settings(DATAGRAM, DRAFT_02, DRAFT_07, DRAFT_14, DRAFT_15), 'draft-02'],
    ['draft 14', settings(CONNECT, DATAGRAM, DRAFT_02, DRAFT_07, DRAFT_14), 'draft-14'],
    ['draft 07', settings(CONNECT, DATAGRAM, DRAFT_02, DRAFT_07), 'draft-07'],
    ['draft 02 with old datagrams', settings(DATAGRAM_04, DRAFT_02), 'draft-02'],
    ['draft 15 with old datagrams only', settings(CONNECT, DATAGRAM_04, DRAFT_15), undefined],
    ['no datagrams', settings(CONNECT, DRAFT_02, DRAFT_15), undefined],
    ['nothing', new Map<number, number>(), undefined],
    ['zeros', new Map([...ALL_SETTINGS.keys()].map((id) => [id, 0])), undefined],
  ])('%s', (_, peer, name) => {
    expect(chooseClientVersion(peer)?.name).toBe(name);
  });
});

describe('a server goes by the token first', () => {
  it.each([
    ['webtransport-h3', ALL_SETTINGS, 'draft-15'],
    ['webtransport-h3', settings(DATAGRAM), 'draft-15'],
    ['webtransport', ALL_SETTINGS, 'draft-14'],
    ['webtransport', settings(DATAGRAM, DRAFT_07), 'draft-07'],
    ['webtransport', settings(DATAGRAM), 'draft-02'],
    ['webtransport', settings(DRAFT_02), undefined],
    ['websocket', ALL_SETTINGS, undefined],
  ])('%s with %o', (protocol, peer, name) => {
    expect(chooseServerVersion(peer, protocol)?.name).toBe(name);
  });
});

it('allows several sessions only where no flow control of sessions is needed, or both ends have it', () => {
  const limits = { ...webTransportLimits(100, 100), maxSessions: 3 };
  const of = (role: 'client' | 'server', peer: ReadonlyMap<number, number>) =>
    WEBTRANSPORT_VERSIONS.map((v) => sessionLimit(v, role, peer, limits));
  expect(of('server', ALL_SETTINGS)).toEqual([3, 3, 1, 1]);
  expect(of('client', ALL_SETTINGS)).toEqual([3, 3, 1, 1]);
  expect(of('server', flowControlSettings(1, 0, 0))).toEqual([3, 3, 3, 3]);
  expect(of('client', flowControlSettings(0, 0, 1))).toEqual([3, 3, 1, 3]);
  // Draft 14 has another way to declare it.
  expect(of('client', new Map([...ALL_SETTINGS, [DRAFT_14, 2]]))).toEqual([3, 3, 2, 1]);
  const [, draft07] = WEBTRANSPORT_VERSIONS;
  if (draft07 !== undefined) expect(sessionLimit(draft07, 'client', settings(DRAFT_07), limits)).toBe(1);
});

it('counts sessions against the limit until their CONNECT streams end', () => {
  const { mux, ...fixture } = new Fixture('server', { maxSessions: 2 });
  const version = mux.versionFor('webtransport');
  if (version === undefined) throw new Error('no version');
  expect(mux.mayCreateSession(version)).toBe(true);
  const first = mux.createSession(0, { send: () => {}, end: () => {}, reset: () => {} }, version);
  mux.createSession(4, { send: () => {}, end: () => {}, reset: () => {} }, version);
  expect(mux.mayCreateSession(version)).toBe(false);
  first.destroy();
  fixture.carrier.settle();
  expect(mux.mayCreateSession(version)).toBe(true);
});

it('tells everybody who waits for the negotiation, before and after it', () => {
  const carrier = new FakeCarrier('client');
  const mux = newMux('client', carrier);
  const told: (string | undefined)[] = [];
  mux.whenNegotiated((version) => told.push(version?.name));
  expect(told).toEqual([]);
  expect(() => mux.createSession(0, { send: () => {}, end: () => {}, reset: () => {} })).toThrow(/does not support/);
  mux.settingsReceived(DRAFT_02_SETTINGS);
  mux.whenNegotiated((version) => told.push(version?.name));
  expect(told).toEqual(['draft-02', 'draft-02']);
});

it.each([
  ['a WT_ENABLED that is neither 0 nor 1', DRAFT_15, 2],
  ['more streams than there can be', MAX_STREAMS_BIDI, 2 ** 61],
])('closes the connection on %s', (_, id, value) => {
  const carrier = new FakeCarrier('client');
  const mux = newMux('client', carrier);
  carrier.mux = mux;
  let told: unknown = 'nothing';
  mux.whenNegotiated((version) => {
    told = version;
  });
  carrier.event(() => mux.settingsReceived(new Map([...ALL_SETTINGS, [id, value]])));
  carrier.settle();
  expect(carrier.calls).toEqual([`close ${0x109}`]);
  expect(told).toBeUndefined();
});
