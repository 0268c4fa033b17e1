import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConnectionError, WebTransportSessionError } from '../../../src/errors.js';
import type { SessionEnd } from '../../../src/stream/webtransport/session-end.js';
import { Fixture, outcome, RecordedListener } from './session-fixture.js';

const GONE = 0x170d7b68;
const MESSAGE_ERROR = 0x10e;
const CLOSE_5_BYE = '6843 07 00000005 627965';
const lost = new ConnectionError('ERR_HTTP3_IDLE_TIMEOUT', 'Idle');
const clean = (closeCode: number, reason: string, remote: boolean): SessionEnd => ({
  kind: 'clean',
  closeCode,
  reason,
  remote,
});

/** An open session with a bidirectional stream of its own, and what that stream is told. */
function withStream() {
  const fixture = new Fixture();
  const opened = fixture.open();
  const stream = fixture.openStream(opened.session);
  fixture.carrier.calls.length = 0;
  const told: string[] = [];
  stream.sending?.write(Buffer.alloc(1), () => {});
  fixture.carrier.settle();
  fixture.carrier.calls.length = 0;
  stream.receiving?.read(Buffer.alloc(1), (_, __, error) => told.push(`read ${outcome(error)}`));
  if (stream.sending !== undefined) stream.sending.onStopped = (error) => told.push(`stopped ${outcome(error)}`);
  const end = (): void => {
    fixture.carrier.event(() => opened.session.controlEnd());
    fixture.carrier.settle();
  };
  return { fixture, ...opened, stream, told, end };
}

describe('closing at this end', () => {
  it('sends CLOSE and FIN at once, then resets and stops every stream, then tells', () => {
    const { fixture, session, listener, control, stream, told, end } = withStream();
    session.close(5, 'bye');
    expect(control.calls).toEqual(['end 68430700000005627965']);
    expect([session.state, listener.ends.length, told]).toEqual(['closing', 0, []]);
    fixture.carrier.settle();
    expect(fixture.carrier.calls).toEqual([`reset ${stream.id} ${GONE}`, `stop ${stream.id} ${GONE}`]);
    expect(told).toEqual(['stopped session clean', 'read session clean']);
    expect(listener.ends).toEqual([clean(5, 'bye', false)]);
    expect([session.state, fixture.mux.sessionCount]).toEqual(['closing', 1]);
    end();
    expect([session.state, fixture.mux.sessionCount, fixture.mux.idle]).toEqual(['closed', 0, true]);
    expect(control.calls.length).toBe(1);
  });

  it('sends CLOSE with code 0 and no reason as well', () => {
    const { session, control } = new Fixture().open();
    session.close(0, '');
    expect(control.calls).toEqual(['end 68430400000000']);
  });

  it('keeps a long reason whole for its user, and cuts it for the wire', () => {
    const { session, control, fixture, listener } = withStream();
    session.close(1, 'é'.repeat(1000));
    fixture.carrier.settle();
    expect(control.calls[0]?.length).toBe('end '.length + 2 * (2 + 2 + 4 + 1024));
    expect(listener.ends).toEqual([clean(1, 'é'.repeat(1000), false)]);
  });

  it('happens once, whatever follows', () => {
    const { fixture, session, listener, control, end } = withStream();
    session.close(1, 'first');
    session.close(2, 'second');
    session.destroy();
    session.drain();
    session.rejected(lost);
    fixture.carrier.settle();
    end();
    session.close(3, 'third');
    session.destroy();
    fixture.mux.connectionLost(lost);
    expect(listener.ends).toEqual([clean(1, 'first', false)]);
    expect(control.calls.length).toBe(1);
  });

  it('crosses a CLOSE of the peer: each end has its own', () => {
    const { fixture, session, listener, control, end } = withStream();
    session.close(1, 'mine');
    fixture.capsules(session, CLOSE_5_BYE);
    end();
    expect(listener.ends).toEqual([clean(1, 'mine', false)]);
    expect([session.state, control.calls.length]).toEqual(['closed', 1]);
  });

  it.each([
    ['RESET_STREAM', (session: ReturnType<typeof withStream>['session']) => session.controlReset(GONE), 'closed'],
    ['STOP_SENDING', (session: ReturnType<typeof withStream>['session']) => session.controlStopped(GONE), 'closing'],
  ])('may be answered with %s', (_, answer, state) => {
    const { fixture, session, listener, control, end } = withStream();
    session.close(1, '');
    fixture.carrier.settle();
    fixture.carrier.event(() => answer(session));
    fixture.carrier.settle();
    expect(session.state).toBe(state);
    end();
    expect([listener.ends, control.calls.length, session.state]).toEqual([[clean(1, '', false)], 1, 'closed']);
  });

  it('lets in no streams any more, not even before the turn that ends it', () => {
    const { fixture, session, listener, stream } = withStream();
    fixture.carrier.event((mux) => {
      session.close(0, '');
      mux.streamOpened(1, 0);
      mux.streamOpened(3, 0);
    });
    fixture.carrier.settle();
    expect(listener.streams).toEqual([]);
    expect(fixture.carrier.calls).toEqual([
      `stop 1 ${GONE}`,
      `reset 1 ${GONE}`,
      `stop 3 ${GONE}`,
      `reset ${stream.id} ${GONE}`,
      `stop ${stream.id} ${GONE}`,
    ]);
  });

  it('is what counts if the connection is lost in the same turn', () => {
    const { fixture, session, listener, told } = withStream();
    session.close(7, 'x');
    fixture.mux.connectionLost(lost);
    expect(listener.ends).toEqual([clean(7, 'x', false)]);
    expect(told).toEqual(['stopped session clean', 'read session clean']);
    expect(session.state).toBe('closed');
  });
});

describe('closing at the other end', () => {
  it.each([
    ['CLOSE and FIN', CLOSE_5_BYE, clean(5, 'bye', true)],
    ['FIN alone: code 0', '', clean(0, '', true)],
    ['FIN after capsules of other kinds', '17 01 00', clean(0, '', true)],
  ])('%s', (_, capsules, how) => {
    const { fixture, session, listener, control, stream, told, end } = withStream();
    fixture.capsules(session, capsules);
    end();
    expect(listener.ends).toEqual([how]);
    expect(control.calls).toEqual(['end ']);
    expect(told).toEqual(['stopped session clean', 'read session clean']);
    expect(fixture.carrier.calls).toEqual([`reset ${stream.id} ${GONE}`, `stop ${stream.id} ${GONE}`]);
    expect([session.state, fixture.mux.idle]).toEqual(['closed', true]);
  });

  it('CLOSE is answered before its FIN', () => {
    const { fixture, session, listener, control } = withStream();
    fixture.capsules(session, CLOSE_5_BYE);
    fixture.carrier.settle();
    expect([listener.ends.length, control.calls, session.state]).toEqual([1, ['end '], 'closing']);
  });

  it('bytes after CLOSE reset the CONNECT stream with H3_MESSAGE_ERROR; the end stays as it was', () => {
    const { fixture, session, listener, control } = withStream();
    fixture.capsules(session, `${CLOSE_5_BYE} 00`);
    fixture.carrier.settle();
    expect(listener.ends).toEqual([clean(5, 'bye', true)]);
    expect(control.calls).toEqual(['end ', `reset ${MESSAGE_ERROR}`]);
    expect([session.state, fixture.mux.idle]).toEqual(['closed', true]);
  });

  it.each([
    ['CLOSE, as with webtransport-go', CLOSE_5_BYE, clean(5, 'bye', true)],
    ['FIN alone', '', clean(0, '', true)],
  ])(
    'STOP_SENDING of the CONNECT stream before %s: how the session ends is for its other half to say',
    (_, bytes, how) => {
      const { fixture, session, listener, end } = withStream();
      fixture.carrier.event(() => session.controlStopped(0x539));
      fixture.carrier.settle();
      expect([listener.ends, session.state]).toEqual([[], 'open']);
      fixture.capsules(session, bytes);
      end();
      expect(listener.ends).toEqual([how]);
      expect([session.state, fixture.mux.idle]).toEqual(['closed', true]);
    },
  );

  it.each([
    ['RESET_STREAM', 'reset'],
    ['STOP_SENDING with nothing after it', 'stop'],
  ])('%s of the CONNECT stream is an abrupt end', (_, how) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { fixture, session, listener, control, told } = withStream();
    fixture.carrier.event(() => (how === 'reset' ? session.controlReset(0x10c) : session.controlStopped(0x10c)));
    fixture.carrier.settle();
    vi.runAllTimers();
    fixture.carrier.settle();
    expect(control.calls).toEqual([`reset ${GONE}`]);
    const [end] = listener.ends;
    expect(end?.kind === 'failed' ? [end.error.code, end.error.errorName] : end).toEqual([
      'ERR_WEBTRANSPORT_RESET',
      'H3_REQUEST_CANCELLED',
    ]);
    expect(told).toEqual(['stopped session failed', 'read session failed']);
    expect([session.state, fixture.mux.idle]).toEqual(['closed', true]);
  });

  it('counts on a server from when the session is accepted', () => {
    const fixture = new Fixture('server');
    const session = fixture.connecting();
    const listener = new RecordedListener();
    session.setListener(listener);
    fixture.capsules(session, CLOSE_5_BYE);
    fixture.carrier.event(() => session.controlEnd());
    fixture.carrier.settle();
    expect([session.state, fixture.control().calls, listener.order]).toEqual(['connecting', [], []]);
    session.accepted();
    expect(fixture.control().calls).toEqual(['end ']);
    fixture.carrier.settle();
    expect(listener.ends).toEqual([clean(5, 'bye', true)]);
    expect([session.state, fixture.mux.idle]).toEqual(['closed', true]);
  });
});

describe('malformed capsules', () => {
  it.each([
    ['a reason too large', '6843 4405', false],
    ['a reason that is not UTF-8', '6843 05 00000000 ff', false],
    ['an end inside a capsule', '6843 07 00', true],
    ['a capsule of HTTP/2', '990b4d42 00', false],
  ])('%s: this session fails, and nothing else is touched', (_, capsules, fin) => {
    const { fixture, session, listener, control, told, stream } = withStream();
    const other = fixture.open(4);
    fixture.capsules(session, capsules);
    if (fin) fixture.carrier.event(() => session.controlEnd());
    fixture.carrier.settle();
    expect(control.calls).toEqual([`reset ${MESSAGE_ERROR}`]);
    const [end] = listener.ends;
    expect(end?.kind === 'failed' && end.error instanceof WebTransportSessionError && end.error.code).toBe(
      'ERR_WEBTRANSPORT_PROTOCOL',
    );
    expect(told.length).toBe(2);
    expect(fixture.carrier.calls).toEqual([`reset ${stream.id} ${GONE}`, `stop ${stream.id} ${GONE}`]);
    expect([other.session.state, other.listener.order, other.control.calls]).toEqual(['open', [], []]);
    // Whatever else comes is nobody's.
    fixture.capsules(session, 'ffffffff');
    expect(control.calls.length).toBe(1);
  });
});

describe('ending without a goodbye', () => {
  it('destroy resets the CONNECT stream', () => {
    const { fixture, session, listener, control, told } = withStream();
    session.destroy();
    session.destroy();
    expect(control.calls).toEqual([`reset ${0x10c}`]);
    fixture.carrier.settle();
    expect(listener.ends.map((end) => end.kind === 'failed' && end.error.code)).toEqual(['ERR_WEBTRANSPORT_DESTROYED']);
    expect(told).toEqual(['stopped session failed', 'read session failed']);
    expect(fixture.mux.idle).toBe(true);
  });

  it('close while connecting is destroy', () => {
    const fixture = new Fixture();
    const session = fixture.connecting();
    const listener = new RecordedListener();
    session.setListener(listener);
    session.close(1, 'x');
    session.accepted();
    fixture.carrier.settle();
    expect(fixture.control().calls).toEqual([`reset ${0x10c}`]);
    expect(listener.order).toEqual(['closed']);
  });

  it('a loss of the connection ends all sessions once, also those that nobody listens to yet', async () => {
    const fixture = new Fixture();
    const one = fixture.open(0);
    const two = fixture.open(4);
    const unheard = fixture.connecting(8);
    two.session.close(1, '');
    fixture.carrier.settle();
    fixture.mux.connectionLost(lost);
    const listener = new RecordedListener();
    unheard.setListener(listener);
    await Promise.resolve();
    expect(one.listener.ends).toEqual([{ kind: 'failed', error: lost }]);
    expect(two.listener.ends).toEqual([clean(1, '', false)]);
    expect(listener.ends).toEqual([{ kind: 'failed', error: lost }]);
    expect(unheard.state).toBe('closed');
  });

  it('a listener that comes late learns of the end, last', () => {
    const fixture = new Fixture();
    const session = fixture.connecting();
    session.accepted();
    fixture.carrier.event(() => session.controlReset(0));
    fixture.carrier.settle();
    const listener = new RecordedListener();
    session.setListener(listener);
    expect(listener.order).toEqual([]);
    fixture.carrier.settle();
    expect(listener.order).toEqual(['closed']);
  });
});

describe('draining', () => {
  it.each([
    ['DRAIN', ['capsule']],
    ['GOAWAY', ['goaway']],
    ['both, many times', ['goaway', 'capsule', 'capsule', 'goaway']],
  ])('%s is told once, and the session goes on', (_, signals) => {
    const { fixture, session, listener, told } = withStream();
    for (const signal of signals) {
      if (signal === 'capsule') fixture.capsules(session, '800078ae 00');
      else fixture.carrier.event((mux) => mux.goawayReceived());
    }
    fixture.carrier.settle();
    expect([listener.order, session.state, told]).toEqual([['draining'], 'open', []]);
    expect(fixture.openStream(session).local).toBe(true);
  });

  it('GOAWAY counts for sessions that open after it', () => {
    const fixture = new Fixture();
    const early = fixture.connecting(0);
    fixture.carrier.event((mux) => mux.goawayReceived());
    fixture.carrier.settle();
    const late = fixture.connecting(4);
    for (const session of [early, late]) {
      const listener = new RecordedListener();
      session.setListener(listener);
      fixture.carrier.settle();
      expect(listener.order).toEqual([]);
      session.accepted();
      fixture.carrier.settle();
      expect(listener.order).toEqual(['draining']);
    }
  });

  it('sends DRAIN for sessions that are open', () => {
    const fixture = new Fixture();
    const { session, control } = fixture.open(0);
    fixture.connecting(4);
    session.drain();
    fixture.mux.drain();
    expect(control.calls).toEqual(['send 800078ae00', 'send 800078ae00']);
    expect(fixture.control(4).calls).toEqual([]);
  });
});

describe('exported keys', () => {
  const label = Buffer.from('app');
  const context = Buffer.from('context');

  it('are bound to the session', async () => {
    const fixture = new Fixture();
    const { session } = fixture.open(4);
    const asked = session.exportKeyingMaterial(label, context, 32);
    fixture.carrier.settle();
    expect(await asked).toEqual(Uint8Array.of(1, 2, 3));
    const bound = `0000000000000004 03 ${label.toString('hex')} 07 ${context.toString('hex')}`.replaceAll(' ', '');
    expect(fixture.carrier.calls).toEqual([`export EXPORTER-WebTransport ${bound} 32`]);
  });

  it('are refused for parts that are too long, and of a connection that is over', async () => {
    const fixture = new Fixture();
    const { session } = fixture.open();
    await expect(session.exportKeyingMaterial(Buffer.alloc(256), context, 1)).rejects.toThrow(/label/);
    await expect(session.exportKeyingMaterial(label, Buffer.alloc(256), 1)).rejects.toThrow(/context/);
    const asked = session.exportKeyingMaterial(label, context, 1);
    const counted = session.stats();
    fixture.mux.connectionLost(lost);
    await expect(asked).rejects.toThrow(/over/);
    expect((await counted).connection).toBeUndefined();
    await expect(session.exportKeyingMaterial(label, context, 1)).rejects.toThrow(/over/);
    expect((await session.stats()).datagramsSent).toBe(0);
  });
});
