import { describe, expect, it } from 'vitest';
import { FlowCapsule } from '../../../src/stream/webtransport/capsules.js';
import type { OpenStreamOptions } from '../../../src/stream/webtransport/http3-webtransport-session.js';
import type { Http3WebTransportStream } from '../../../src/stream/webtransport/http3-webtransport-stream.js';
import type { WebTransportLimits } from '../../../src/stream/webtransport/limits.js';
import { encodeVarint } from '../../../src/stream/webtransport/varint.js';
import {
  ALL_SETTINGS,
  Fixture,
  flowControlSettings,
  NO_PRIORITY,
  outcome,
  type RecordedControl,
  WAIT,
} from './session-fixture.js';

const FLOW_CONTROL_ERROR = 0x045d4487;
const MESSAGE_ERROR = 0x10e;

const capsule = (type: number, value: number): string => {
  const payload = encodeVarint(value);
  return Buffer.concat([encodeVarint(type), encodeVarint(payload.length), payload]).toString('hex');
};
const sent = (type: FlowCapsule, value: number): string => `send ${capsule(type, value)}`;

/** A client's session with these limits of the server, and of its own. */
function start(peer: ReadonlyMap<number, number>, own: Partial<WebTransportLimits> = {}) {
  const fixture = new Fixture('client', own, peer);
  const { session, listener, control } = fixture.open();
  const events: string[] = [];
  return {
    fixture,
    carrier: fixture.carrier,
    session,
    listener,
    control,
    events,
    receive: (type: number, value: number) => {
      fixture.capsules(session, capsule(type, value));
      fixture.carrier.settle();
    },
    write: (stream: Http3WebTransportStream, bytes: number, name = 'write', atomic = false) => {
      stream.sending?.write(Buffer.alloc(bytes), (error) => events.push(`${name} ${outcome(error)}`), atomic);
      fixture.carrier.settle();
    },
    ask: (bidirectional: boolean, name: string, options: OpenStreamOptions = WAIT) => {
      const giveUp = session.openStream(bidirectional, options, (result) => {
        events.push(`${name} ${typeof result === 'string' ? result : 'opened'}`);
      });
      fixture.carrier.settle();
      return giveUp;
    },
  };
}

/** A stream of the peer's that carries so many bytes. */
function arrive({ fixture, listener }: ReturnType<typeof start>, id: number, bytes: number, fin = false) {
  fixture.carrier.event((mux) => mux.streamOpened(id, 0));
  fixture.carrier.arrive(id, Buffer.alloc(bytes), fin);
  fixture.carrier.settle();
  const stream = listener.streams.find((one) => one.id === id);
  if (stream === undefined) throw new Error(`no stream ${id}`);
  return {
    stream,
    read: (length: number) => {
      stream.receiving?.read(Buffer.alloc(length), () => {});
      fixture.carrier.settle();
    },
  };
}

const violated = (control: RecordedControl): boolean => control.calls.includes(`reset ${FLOW_CONTROL_ERROR}`);

describe('bytes to the peer', () => {
  it('wait for its limit, which counts all streams of the session', () => {
    const { fixture, carrier, session, control, write, events, receive } = start(flowControlSettings(10, 5, 5));
    const [one, two] = [fixture.openStream(session), fixture.openStream(session)];
    write(one, 6, 'one');
    write(two, 6, 'two');
    expect(events).toEqual(['one ok']);
    expect(carrier.sent(two.id).length).toBe(4);
    expect(control.calls).toEqual([sent(FlowCapsule.DATA_BLOCKED, 10)]);
    receive(FlowCapsule.MAX_DATA, 11);
    expect([carrier.sent(two.id).length, events]).toEqual([5, ['one ok']]);
    receive(FlowCapsule.MAX_DATA, 20);
    expect(events).toEqual(['one ok', 'two ok']);
    expect(control.calls).toEqual([sent(FlowCapsule.DATA_BLOCKED, 10), sent(FlowCapsule.DATA_BLOCKED, 11)]);
  });

  it('are written whole or not at all by an atomic write', () => {
    const { fixture, carrier, session, write, events, receive } = start(flowControlSettings(10, 5, 5));
    const stream = fixture.openStream(session);
    write(stream, 11, 'large', true);
    write(stream, 10, 'small', true);
    expect(events).toEqual(['large blocked', 'small ok']);
    receive(FlowCapsule.MAX_DATA, 100_000);
    carrier.window = 15;
    write(stream, 6, 'QUIC', true);
    write(stream, 5, 'fits', true);
    expect(events.slice(2)).toEqual(['QUIC blocked', 'fits ok']);
    expect(carrier.sent(stream.id).length).toBe(15);
  });

  it('that wait are forgotten when their stream or the session ends', () => {
    const { fixture, session, write, events, control } = start(flowControlSettings(0, 5, 5));
    const [one, two] = [fixture.openStream(session, false), fixture.openStream(session, false)];
    write(one, 1, 'one');
    write(two, 1, 'two');
    one.sending?.reset(7);
    fixture.carrier.settle();
    expect(events).toEqual(['one reset 7']);
    session.close(0, '');
    fixture.carrier.event(() => session.controlEnd());
    fixture.carrier.settle();
    expect(events).toEqual(['one reset 7', 'two session clean']);
    expect(fixture.mux.idle).toBe(true);
    expect(control.calls.length).toBe(2);
  });
});

describe('streams to the peer', () => {
  it('wait for its limit, each direction for its own, first come, first served', () => {
    const { ask, events, receive, control } = start(flowControlSettings(0, 1, 0));
    ask(true, 'a');
    ask(true, 'b');
    ask(true, 'c');
    ask(false, 'uni');
    ask(true, 'impatient', NO_PRIORITY);
    expect(events).toEqual(['a opened', 'impatient limit']);
    expect(control.calls).toEqual([
      sent(FlowCapsule.STREAMS_BLOCKED_BIDIRECTIONAL, 1),
      sent(FlowCapsule.STREAMS_BLOCKED_UNIDIRECTIONAL, 0),
    ]);
    receive(FlowCapsule.MAX_STREAMS_BIDIRECTIONAL, 2);
    expect(events.slice(2)).toEqual(['b opened']);
    receive(FlowCapsule.MAX_STREAMS_UNIDIRECTIONAL, 1);
    expect(events.slice(3)).toEqual(['uni opened']);
  });

  it('that are given up leave their place to others', () => {
    const { carrier, session, fixture, ask, events, receive } = start(flowControlSettings(0, 1, 0));
    carrier.streamLimit.bidirectional = 0;
    const giveUp = ask(true, 'admitted');
    const giveUpWaiting = ask(true, 'waiting');
    ask(true, 'third');
    giveUpWaiting();
    giveUp();
    carrier.streamLimit.bidirectional = 5;
    carrier.event((mux) => mux.streamsCreatable(true));
    carrier.settle();
    expect(events).toEqual(['third opened']);
    ask(true, 'last');
    session.destroy();
    carrier.settle();
    receive(FlowCapsule.MAX_STREAMS_BIDIRECTIONAL, 9);
    expect(events).toEqual(['third opened', 'last closed']);
    expect(fixture.mux.idle).toBe(true);
  });

  it('that QUIC does not allow do not count', () => {
    const { carrier, ask, events } = start(flowControlSettings(0, 1, 0));
    carrier.streamLimit.bidirectional = 0;
    ask(true, 'refused', NO_PRIORITY);
    carrier.streamLimit.bidirectional = 1;
    carrier.event((mux) => mux.streamsCreatable(true));
    carrier.settle();
    ask(true, 'second', NO_PRIORITY);
    expect(events).toEqual(['refused limit', 'second opened']);
  });
});

describe('bytes of the peer', () => {
  const peer = flowControlSettings(0, 0, 1);

  it('come back as credit when they are read, in large steps', () => {
    const ends = start(peer, { sessionWindow: 100, maxSessionWindow: 100 });
    const { read } = arrive(ends, 3, 90);
    read(9);
    expect(ends.control.calls).toEqual([]);
    read(40);
    expect(ends.control.calls).toEqual([sent(FlowCapsule.MAX_DATA, 149)]);
  });

  it('are allowed before the peer has to wait, even if others are not read', () => {
    const ends = start(peer, { sessionWindow: 100, maxSessionWindow: 100 });
    arrive(ends, 3, 70).read(1);
    const { read } = arrive(ends, 7, 30);
    read(30);
    expect(ends.control.calls).toEqual([sent(FlowCapsule.MAX_DATA, 131)]);
  });

  it('get a larger window if the peer had to wait', () => {
    const ends = start(peer, { sessionWindow: 100, maxSessionWindow: 150 });
    const { read } = arrive(ends, 3, 100);
    ends.receive(FlowCapsule.DATA_BLOCKED, 100);
    expect(ends.control.calls).toEqual([]);
    read(10);
    expect(ends.control.calls).toEqual([sent(FlowCapsule.MAX_DATA, 160)]);
    ends.receive(FlowCapsule.DATA_BLOCKED, 100);
    read(10);
    expect(ends.control.calls.length).toBe(1);
  });

  it.each(['reset', 'stop'])('of a stream that is broken off (%s) are counted, and come back', (how) => {
    const ends = start(peer, { sessionWindow: 100, maxSessionWindow: 100 });
    for (let id = 3; id < 103; id += 4) {
      const { stream } = arrive(ends, id, 60);
      if (how === 'stop') stream.receiving?.stop(1);
      else ends.carrier.event((mux) => mux.reset(id, 0x10c));
      ends.carrier.settle();
    }
    // Never less than what the peer may have used up, and not without bound: one window for each stream at most.
    const last = ends.control.calls.filter((call) =>
      call.startsWith(`send ${capsule(FlowCapsule.MAX_DATA, 1).slice(0, 8)}`),
    );
    expect(last.at(-1)).toBe(sent(FlowCapsule.MAX_DATA, 100 + 25 * 100));
    expect(ends.session.state).toBe('open');
  });

  it('beyond the limit end the session', () => {
    const ends = start(peer, { sessionWindow: 100, maxSessionWindow: 100 });
    const { read } = arrive(ends, 3, 101);
    read(10);
    expect(violated(ends.control)).toBe(true);
    const [end] = ends.listener.ends;
    expect(end?.kind === 'failed' && end.error.errorName).toBe('WT_FLOW_CONTROL_ERROR');
    expect(ends.fixture.mux.idle).toBe(true);
  });
});

describe('streams of the peer', () => {
  it('may be so many at once, and more when some are over', () => {
    const ends = start(flowControlSettings(0, 0, 1), { sessionStreamsUnidirectional: 4 });
    const [first, second] = [3, 7, 11].map((id) => arrive(ends, id, 0, true));
    expect(ends.control.calls).toEqual([]);
    first?.read(1);
    expect(ends.control.calls).toEqual([sent(FlowCapsule.MAX_STREAMS_UNIDIRECTIONAL, 5)]);
    second?.read(1);
    arrive(ends, 15, 0);
    expect(ends.control.calls.slice(1)).toEqual([sent(FlowCapsule.MAX_STREAMS_UNIDIRECTIONAL, 6)]);
    expect(ends.session.state).toBe('open');
  });

  it.each([
    ['bidirectional', 1],
    ['unidirectional', 3],
  ])('%s beyond the limit end the session', (_, first) => {
    const ends = start(flowControlSettings(0, 0, 1), {
      sessionStreamsBidirectional: 2,
      sessionStreamsUnidirectional: 2,
    });
    arrive(ends, first, 0);
    arrive(ends, first + 4, 0);
    expect(violated(ends.control)).toBe(false);
    ends.carrier.event((mux) => mux.streamOpened(first + 8, 0));
    ends.carrier.settle();
    expect([violated(ends.control), ends.listener.streams.length]).toEqual([true, 2]);
    expect(ends.fixture.mux.idle).toBe(true);
  });
});

describe('capsules that break the rules', () => {
  it.each([
    ['a lower limit of bytes', FlowCapsule.MAX_DATA, 9],
    ['a limit of bytes that is repeated', FlowCapsule.MAX_DATA, 10],
    ['a lower limit of streams', FlowCapsule.MAX_STREAMS_BIDIRECTIONAL, 1],
    ['more streams than there can be', FlowCapsule.MAX_STREAMS_UNIDIRECTIONAL, 2 ** 60 + 2 ** 10],
    ['blocked at more streams than there can be', FlowCapsule.STREAMS_BLOCKED_BIDIRECTIONAL, 2 ** 61],
  ])('%s', (_, type, value) => {
    const { session, fixture, control } = start(flowControlSettings(10, 2, 2));
    // The test's encoder ends at 2^53.
    const big = value > 2 ** 53 ? `${capsule(type, 0).slice(0, 8)}08${(BigInt(value) | (3n << 62n)).toString(16)}` : '';
    fixture.capsules(session, big || capsule(type, value));
    fixture.carrier.settle();
    expect(control.calls).toEqual([`reset ${FLOW_CONTROL_ERROR}`]);
  });

  it('a limit that is no integer is malformed', () => {
    for (const bytes of ['00', '014a', '09c000000000000000ff'].map((rest) => `990b4d3d${rest}`)) {
      const { session, fixture, control } = start(flowControlSettings(10, 2, 2));
      fixture.capsules(session, bytes);
      expect(control.calls).toEqual([`reset ${MESSAGE_ERROR}`]);
    }
  });

  it('a repeated limit is none of them in draft 14', () => {
    const settings = new Map(flowControlSettings(10, 2, 2));
    settings.delete(0x2c7cf000);
    const { receive, control, session } = start(settings);
    receive(FlowCapsule.MAX_DATA, 10);
    receive(FlowCapsule.MAX_STREAMS_BIDIRECTIONAL, 2);
    expect([session.version.name, control.calls]).toEqual(['draft-14', []]);
  });
});

it('is off if the peer does not declare it: nothing is limited, and capsules are ignored', () => {
  const { fixture, session, write, events, receive, control } = start(ALL_SETTINGS, { sessionWindow: 1 });
  write(fixture.openStream(session), 1000);
  receive(FlowCapsule.MAX_DATA, 1);
  receive(FlowCapsule.MAX_STREAMS_BIDIRECTIONAL, 0);
  expect([events, control.calls, session.state]).toEqual([['write ok'], [], 'open']);
});

describe('streams that were over, or refused, before the session was there', () => {
  it.each([
    ['reset before CONNECT', false, (fixture: Fixture, id: number) => fixture.carrier.event((mux) => mux.reset(id, 0))],
    ['refused before CONNECT', false, () => {}],
    ['refused before the 2xx', true, () => {}],
  ])('come back to the peer, which counts them: %s', (what, connectFirst, end) => {
    const early = what.startsWith('refused') ? { maxEarlyStreams: 0 } : {};
    const fixture = new Fixture('server', { sessionStreamsUnidirectional: 4, ...early }, flowControlSettings(1, 1, 1));
    const session = connectFirst ? fixture.connecting() : undefined;
    for (const id of [2, 6, 10]) {
      fixture.carrier.event((mux) => mux.streamOpened(id, 0));
      end(fixture, id);
      fixture.carrier.settle();
    }
    (session ?? fixture.connecting()).accepted();
    fixture.carrier.settle();
    const limits = [...Array(8).keys()].map((limit) => sent(FlowCapsule.MAX_STREAMS_UNIDIRECTIONAL, limit));
    const told = fixture.control().calls.map((call) => limits.indexOf(call));
    // In large steps: two of the three have come back at least.
    expect(told.at(-1)).toBeGreaterThanOrEqual(6);
    expect(fixture.mux.streamCount).toBe(0);
  });

  it('end the session if they were too many', () => {
    const fixture = new Fixture('server', { sessionStreamsUnidirectional: 2 }, flowControlSettings(1, 1, 1));
    for (const id of [2, 6, 10]) fixture.carrier.event((mux) => mux.streamOpened(id, 0));
    fixture.carrier.settle();
    const session = fixture.connecting();
    fixture.carrier.settle();
    expect([session.state, violated(fixture.control()), fixture.mux.idle]).toEqual(['closed', true, true]);
  });
});
