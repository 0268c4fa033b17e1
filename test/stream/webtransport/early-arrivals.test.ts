import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../src/errors.js';
import { applicationToHttp3Code } from '../../../src/stream/webtransport/error-codes.js';
import type { WebTransportLimits } from '../../../src/stream/webtransport/limits.js';
import { Fixture, RecordedControl, RecordedListener } from './session-fixture.js';

const REJECTED = 0x3994bd84;
const GONE = 0x170d7b68;

/** Streams and datagrams, in a turn of their own. */
function arrive(
  fixture: Fixture,
  sessionId: number,
  streams: readonly number[],
  datagrams: readonly string[] = [],
): void {
  for (const id of streams) fixture.carrier.event((mux) => mux.streamOpened(id, sessionId));
  for (const text of datagrams) fixture.carrier.event((mux) => mux.datagramReceived(sessionId, Buffer.from(text)));
  fixture.carrier.settle();
}

describe.each([
  ['a client before the 2xx', 'client', 1, true],
  ['a server before it accepts', 'server', 0, true],
  ['a server before the CONNECT request', 'server', 0, false],
] as const)('%s', (_, role, bit, connectFirst) => {
  const start = (limits: Partial<WebTransportLimits> = {}) => {
    const fixture = new Fixture(role, limits);
    const session = connectFirst ? fixture.connecting() : undefined;
    return { fixture, begin: () => session ?? fixture.connecting() };
  };
  const bidi = 400 + bit;
  const uni = 402 + bit;

  it('holds streams and datagrams, in order, for the listener', () => {
    const { fixture, begin } = start();
    arrive(fixture, 0, [bidi, uni], ['a', 'b']);
    fixture.carrier.arrive(uni, 'early bytes', true);
    fixture.carrier.settle();
    const session = begin();
    const listener = new RecordedListener();
    session.accepted();
    arrive(fixture, 0, [uni + 4]);
    session.setListener(listener);
    expect(listener.order).toEqual([]);
    fixture.carrier.settle();
    expect(listener.streams.map(({ id }) => id)).toEqual([bidi, uni, uni + 4]);
    expect(listener.datagrams).toEqual(['a', 'b']);
    expect(listener.streams.map((stream) => stream.session)).toEqual([session, session, session]);
    const into = Buffer.alloc(20);
    listener.streams[1]?.receiving?.read(into, (bytes, fin) => {
      expect([into.toString('latin1', 0, bytes), fin]).toEqual(['early bytes', true]);
    });
    fixture.carrier.settle();
    // From now on nothing is held.
    arrive(fixture, 0, [uni + 8], ['c']);
    expect([listener.streams.length, listener.datagrams.length]).toEqual([4, 3]);
    expect(fixture.carrier.calls).toEqual([]);
  });

  it('refuses streams beyond the limit, and drops datagrams', async () => {
    const { fixture, begin } = start({ maxEarlyStreams: 2, maxEarlyDatagrams: 3, maxEarlyDatagramBytes: 5 });
    arrive(fixture, 0, [uni, uni + 4, uni + 8, bidi], ['1', '22', '333', '4', '']);
    expect(fixture.carrier.calls).toEqual([
      `stop ${uni + 8} ${REJECTED}`,
      `stop ${bidi} ${REJECTED}`,
      `reset ${bidi} ${REJECTED}`,
    ]);
    const session = begin();
    const listener = new RecordedListener();
    session.setListener(listener);
    session.accepted();
    fixture.carrier.settle();
    expect([listener.streams.length, listener.datagrams]).toEqual([2, ['1', '22', '4']]);
    expect(fixture.mux.counters.streamsRefused).toBe(2);
    const stats = session.stats();
    fixture.carrier.settle();
    const early = (await stats).datagramsDroppedEarly + fixture.mux.counters.datagramsDropped;
    expect(early).toBe(2);
    // There is room again.
    arrive(fixture, 4, [uni + 12], ['x']);
    expect(fixture.mux.counters.streamsRefused).toBe(role === 'client' ? 3 : 2);
  });

  it('forgets a stream that is reset while it is held', () => {
    const { fixture, begin } = start({ maxEarlyStreams: 1 });
    arrive(fixture, 0, [uni]);
    fixture.carrier.event((mux) => expect(mux.reset(uni, 0)).toBe(true));
    arrive(fixture, 0, [bidi]);
    fixture.carrier.event((mux) => mux.reset(bidi, applicationToHttp3Code(5)));
    fixture.carrier.settle();
    const session = begin();
    const listener = new RecordedListener();
    session.setListener(listener);
    session.accepted();
    fixture.carrier.settle();
    expect(listener.streams.map(({ id }) => id)).toEqual([bidi]);
    // Half of it is left; how the other ended is still told.
    listener.streams[0]?.receiving?.read(Buffer.alloc(1), (_, fin, error) => {
      expect([fin, error]).toEqual([false, { kind: 'reset', code: 5 }]);
    });
    expect(fixture.mux.streamCount).toBe(1);
  });

  it('refuses what it holds when the session is not to be', () => {
    const { fixture, begin } = start();
    arrive(fixture, 0, [bidi, uni], ['x']);
    begin().rejected(new ConnectionError('ERR_TEST', 'no'));
    fixture.carrier.settle();
    expect(fixture.carrier.calls.sort()).toEqual(
      [`reset ${bidi} ${GONE}`, `stop ${bidi} ${GONE}`, `stop ${uni} ${GONE}`].sort(),
    );
    arrive(fixture, 0, [uni + 4], ['late']);
    expect(fixture.carrier.calls.at(-1)).toBe(`stop ${uni + 4} ${GONE}`);
    expect(fixture.mux.idle).toBe(true);
  });

  it('drops what it holds when the connection is lost', () => {
    const { fixture } = start();
    arrive(fixture, 0, [bidi, uni], ['x']);
    fixture.mux.connectionLost(new ConnectionError('ERR_TEST', 'lost'));
    expect(fixture.mux.idle).toBe(true);
  });
});

it('delivers what a peer sent before it closed right away', () => {
  const fixture = new Fixture();
  const session = fixture.connecting();
  const listener = new RecordedListener();
  session.setListener(listener);
  fixture.carrier.event((mux) => {
    mux.datagramReceived(0, Buffer.from('early'));
    session.accepted();
    mux.datagramReceived(0, Buffer.from('hello'));
    mux.streamOpened(3, 0);
    session.controlData(Buffer.from('68430400000007', 'hex'));
    session.controlEnd();
  });
  fixture.carrier.settle();
  expect(listener.order).toEqual(['stream', 'datagram', 'datagram', 'closed']);
  expect(listener.streams[0]?.receiving?.over).toBe(true);
  expect(listener.ends).toEqual([{ kind: 'clean', closeCode: 7, reason: '', remote: true }]);
});

it('a server holds for a bounded number of sessions that it does not know', () => {
  const fixture = new Fixture('server', { maxUnknownSessions: 2 });
  arrive(fixture, 0, [400]);
  arrive(fixture, 4, [404], ['a']);
  arrive(fixture, 8, [408], ['b']);
  expect(fixture.carrier.calls).toEqual([`stop 408 ${REJECTED}`, `reset 408 ${REJECTED}`]);
  expect(fixture.mux.counters).toEqual({ datagramsDropped: 1, streamsRefused: 1 });
  // A request that carries no session makes room.
  fixture.carrier.event((mux) => {
    mux.noSession(4);
    mux.noSession(12);
  });
  arrive(fixture, 4, [412]);
  arrive(fixture, 8, [], ['b']);
  expect(fixture.carrier.calls.slice(2)).toEqual(
    [404, 412].flatMap((id) => [`stop ${id} ${GONE}`, `reset ${id} ${GONE}`]),
  );
  expect(fixture.mux.counters.datagramsDropped).toBe(1);
});

it('a client refuses streams of sessions that it never made', () => {
  const fixture = new Fixture('client');
  arrive(fixture, 0, [1, 3], ['x']);
  expect(fixture.carrier.calls).toEqual([`stop 1 ${GONE}`, `reset 1 ${GONE}`, `stop 3 ${GONE}`]);
  expect(fixture.mux.counters).toEqual({ datagramsDropped: 1, streamsRefused: 2 });
  expect(fixture.mux.idle).toBe(true);
});

it.each([1, 2, 3, 5])('session id %d is an error of the connection: H3_ID_ERROR', (id) => {
  const fixture = new Fixture('server');
  arrive(fixture, id, [400]);
  arrive(fixture, id, [], ['x']);
  expect(fixture.carrier.calls).toEqual([`close ${0x108}`, `close ${0x108}`]);
  expect(fixture.mux.idle).toBe(true);
});

it('remembers sessions that are over, a bounded number of them', () => {
  const fixture = new Fixture('server', { maxSessions: 1000 });
  for (let id = 0; id < 4 * 300; id += 4) fixture.mux.createSession(id, new RecordedControl()).destroy();
  fixture.carrier.settle();
  arrive(fixture, 4 * 299, [4000]);
  expect(fixture.carrier.calls).toEqual([`stop 4000 ${GONE}`, `reset 4000 ${GONE}`]);
  // The oldest is held for, like any that may still come.
  arrive(fixture, 0, [4004]);
  expect(fixture.carrier.calls.length).toBe(2);
});

it('does not hold a stream that its peer breaks off with its session before the CONNECT request', () => {
  const fixture = new Fixture('server');
  arrive(fixture, 0, [402]);
  expect(fixture.mux.streamCount).toBe(1);
  fixture.carrier.event((mux) => mux.reset(402, GONE));
  fixture.carrier.settle();
  expect(fixture.mux.streamCount).toBe(0);
});
