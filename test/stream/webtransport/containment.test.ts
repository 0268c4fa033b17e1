import { describe, expect, it, vi } from 'vitest';
import { NativeError } from '../../../src/errors.js';
import type { Http3WebTransportSession } from '../../../src/stream/webtransport/http3-webtransport-session.js';
import { Fixture, NO_PRIORITY, type RecordedListener } from './session-fixture.js';

const INTERNAL_ERROR = 0x102;
const defect = (): never => {
  throw new TypeError('defect');
};

interface Ends {
  readonly fixture: Fixture;
  readonly session: Http3WebTransportSession;
  readonly listener: RecordedListener;
}

describe.each<[string, (ends: Ends) => void]>([
  [
    'a read',
    ({ fixture, session }) => {
      const stream = fixture.openStream(session);
      stream.receiving?.read(Buffer.alloc(9), defect);
      fixture.carrier.arrive(stream.id, 'bytes');
    },
  ],
  ['a write', ({ fixture, session }) => fixture.openStream(session).sending?.write(Buffer.alloc(9), defect)],
  [
    'a stream that is reset',
    ({ fixture, session }) => {
      const { id, receiving } = fixture.openStream(session);
      if (receiving !== undefined) receiving.onReset = defect;
      fixture.carrier.event((mux) => mux.reset(id, 0x10c));
    },
  ],
  ['an opened stream', ({ session }) => void session.openStream(true, NO_PRIORITY, defect)],
  [
    'a source of datagrams',
    ({ session }) => session.setDatagramSource({ next: defect, sent: () => {}, refused: () => {} }),
  ],
  [
    'a priority that the engine refuses',
    ({ fixture, session }) => {
      fixture.carrier.setSendOrder = defect;
      fixture.openStream(session).sending?.setPriority(0, 1);
    },
  ],
  [
    'a listener',
    ({ fixture, listener }) => {
      listener.onIncomingStream = defect;
      fixture.carrier.event((mux) => mux.streamOpened(1, 0));
    },
  ],
])('a defect in what is called for %s', (_, provoke) => {
  it('ends that session alone', () => {
    const fixture = new Fixture('client', { maxSessions: 2 });
    const { session, listener, control } = fixture.open(0);
    const other = fixture.open(4);
    provoke({ fixture, session, listener });
    fixture.carrier.settle();
    expect(listener.ends).toMatchObject([{ kind: 'failed', error: { code: 'ERR_WEBTRANSPORT_INTERNAL' } }]);
    expect(control.calls).toEqual([`reset ${INTERNAL_ERROR}`]);
    expect([other.session.state, other.listener.ends]).toEqual(['open', []]);
    other.session.close(0, '');
    fixture.carrier.event(() => other.session.controlEnd());
    fixture.carrier.settle();
    expect(fixture.mux.idle).toBe(true);
  });
});

it('a defect in what is told of the end keeps nobody else from being told', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
  const fixture = new Fixture();
  const { session, listener } = fixture.open();
  const ended: string[] = [];
  fixture.openStream(session).receiving?.read(Buffer.alloc(1), defect);
  fixture.openStream(session).receiving?.read(Buffer.alloc(1), () => ended.push('read'));
  session.close(7, '');
  fixture.carrier.settle();
  expect([ended, listener.ends.length, warned.mock.calls.length]).toEqual([['read'], 1, 1]);
  expect(session.streamCount).toBe(0);
  warned.mockRestore();
});

it('a question that throws rejects', async () => {
  const fixture = new Fixture();
  const { session } = fixture.open();
  fixture.carrier.exportKeyingMaterial = defect;
  const exported = session.exportKeyingMaterial(Buffer.from('a'), Buffer.from('b'), 1);
  fixture.carrier.settle();
  await expect(exported).rejects.toThrow('defect');
  expect(session.state).toBe('open');
});

it('what the engine itself throws concerns the connection', () => {
  const fixture = new Fixture();
  const { session } = fixture.open();
  const stream = fixture.openStream(session);
  fixture.carrier.sendData = () => {
    throw new NativeError('panic');
  };
  stream.sending?.write(Buffer.alloc(1), () => {});
  expect(() => fixture.carrier.settle()).toThrow('panic');
});
