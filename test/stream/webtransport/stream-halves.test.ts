import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../src/errors.js';
import { applicationToHttp3Code } from '../../../src/stream/webtransport/error-codes.js';
import type { Http3WebTransportStream } from '../../../src/stream/webtransport/http3-webtransport-stream.js';
import type { ReceiveHalf } from '../../../src/stream/webtransport/receive-half.js';
import type { SendHalf } from '../../../src/stream/webtransport/send-half.js';
import { Fixture, outcome } from './session-fixture.js';

const CANCELLED = 0x10c;

function sendingOf(stream: Http3WebTransportStream): SendHalf {
  if (stream.sending === undefined) throw new Error('no sending half');
  return stream.sending;
}

function receivingOf(stream: Http3WebTransportStream): ReceiveHalf {
  if (stream.receiving === undefined) throw new Error('no receiving half');
  return stream.receiving;
}

/** A stream of this end's, with a record of what happens to it. */
function sender(bidirectional = false) {
  const fixture = new Fixture();
  const { session } = fixture.open();
  const stream = fixture.openStream(session, bidirectional);
  const half = sendingOf(stream);
  const events: string[] = [];
  half.onStopped = (error) => events.push(`onStopped ${outcome(error)}`);
  return {
    ...fixture,
    session,
    stream,
    half,
    events,
    write: (bytes: Uint8Array | string) =>
      half.write(Buffer.from(bytes), (error) => events.push(`write ${outcome(error)}`)),
    end: () => half.end((error) => events.push(`end ${outcome(error)}`)),
  };
}

/** A unidirectional stream of the peer's. */
function receiver() {
  const fixture = new Fixture();
  const { session, listener } = fixture.open();
  fixture.carrier.event((mux) => mux.streamOpened(3, 0));
  fixture.carrier.settle();
  const [stream] = listener.streams;
  if (stream === undefined) throw new Error('no stream');
  const half = receivingOf(stream);
  const events: string[] = [];
  half.onReset = (error) => events.push(`onReset ${outcome(error)}`);
  const into = Buffer.alloc(4);
  return {
    ...fixture,
    session,
    stream,
    half,
    events,
    read: () =>
      half.read(into, (bytes, fin, error) =>
        events.push(`read ${into.toString('latin1', 0, bytes)}${fin ? ' fin' : ''} ${outcome(error)}`),
      ),
  };
}

describe('writing', () => {
  it('gives neqo the bytes in the next turn, and says when they are taken', () => {
    const { carrier, write, events, stream } = sender();
    write('hello');
    expect(events).toEqual([]);
    carrier.settle();
    expect(events).toEqual(['write ok']);
    expect(carrier.sent(stream.id)).toBe('hello');
  });

  it('waits while flow control takes nothing, and goes on where it stopped', () => {
    const { carrier, write, events, stream } = sender();
    carrier.window = 3;
    write('hello');
    carrier.settle();
    expect([carrier.sent(stream.id), events]).toEqual(['hel', []]);
    carrier.window = 100;
    carrier.event((mux) => expect(mux.dataWritable(stream.id)).toBe(true));
    carrier.settle();
    expect([carrier.sent(stream.id), events]).toEqual(['hello', ['write ok']]);
  });

  it('takes no more than its share of a turn', () => {
    const fixture = new Fixture();
    const { session } = fixture.open();
    const [long, short] = [fixture.openStream(session), fixture.openStream(session)].map(sendingOf);
    fixture.carrier.window = Number.POSITIVE_INFINITY;
    const order: string[] = [];
    long?.write(Buffer.alloc(1 << 20), () => order.push('long'));
    short?.write(Buffer.alloc(1000), () => order.push('short'));
    fixture.carrier.turn();
    expect(order).toEqual(['short']);
    fixture.carrier.settle();
    expect(order).toEqual(['short', 'long']);
  });

  it('ends after the write that is under way, and is done when the peer has acknowledged it', () => {
    const { carrier, write, end, events, stream, mux } = sender();
    write('last');
    end();
    carrier.settle();
    expect(carrier.calls.slice(-2)).toEqual([`data ${stream.id} 4`, `end ${stream.id}`]);
    expect(events).toEqual(['write ok']);
    carrier.event(() => mux.streamFinished(stream.id));
    carrier.settle();
    expect(events).toEqual(['write ok', 'end ok']);
    expect(mux.streamCount).toBe(0);
    write('more');
    expect(events.at(-1)).toBe('write ok');
  });

  it('writes nothing for an empty chunk', () => {
    const { carrier, write, events, stream } = sender();
    write('');
    carrier.settle();
    expect([events, carrier.sent(stream.id)]).toEqual([['write ok'], '']);
  });

  it('an end that is not acknowledged can still be reset', () => {
    const { carrier, end, events, stream, half, mux } = sender();
    end();
    carrier.settle();
    half.reset(3);
    half.reset(4);
    carrier.event(() => mux.streamFinished(stream.id));
    carrier.settle();
    expect(events).toEqual(['end reset 3']);
    expect(carrier.calls.at(-1)).toBe(`reset ${stream.id} ${applicationToHttp3Code(3)}`);
  });

  it('a reset before the first turn sends nothing but the reset', () => {
    const { carrier, write, events, stream, half } = sender();
    write('never');
    half.reset(0xffff_ffff);
    carrier.settle();
    expect(events).toEqual(['write reset 4294967295']);
    expect(carrier.sent(stream.id)).toBe('');
    expect(carrier.calls.at(-1)).toBe(`reset ${stream.id} ${0x52e5ac983162}`);
  });

  it.each([
    [applicationToHttp3Code(9), 9],
    [CANCELLED, undefined],
  ])('STOP_SENDING with %d ends it with application code %s', (wire, code) => {
    const { carrier, write, end, events, stream, half, mux } = sender();
    carrier.window = 1;
    write('ab');
    end();
    carrier.settle();
    carrier.event(() => mux.stopSending(stream.id, wire));
    carrier.event(() => mux.stopSending(stream.id, wire));
    carrier.settle();
    const why = `stopped ${code}`;
    expect(events).toEqual([`write ${why}`, `end ${why}`, `onStopped ${why}`]);
    half.reset(1);
    write('x');
    carrier.settle();
    expect(events.at(-1)).toBe(`write ${why}`);
    // neqo has answered with RESET_STREAM by itself.
    expect(carrier.calls.filter((call) => call.startsWith('reset'))).toEqual([]);
    expect(mux.idle).toBe(false);
    expect(mux.streamCount).toBe(0);
  });

  it('passes priorities on, at opening and later, but not of a stream that is over', () => {
    const { carrier, session, half, stream } = sender();
    const group = session.createSendGroup();
    session.openStream(false, { waitUntilAvailable: false, sendGroup: group, sendOrder: -5 }, () => {});
    half.setPriority(0, 7);
    carrier.settle();
    half.setPriority(0, 8);
    half.reset(0);
    half.setPriority(0, 9);
    carrier.settle();
    const orders = carrier.calls.filter((call) => call.startsWith('order'));
    expect(orders).toEqual([`order ${stream.id} 0 7`, `order ${stream.id + 4} ${group} -5`]);
    expect(session.createSendGroup()).not.toBe(group);
  });

  it('tells counters, and all of them once everything is acknowledged', async () => {
    const { carrier, write, end, stream, half, mux } = sender();
    write('12345');
    const asked = half.stats();
    carrier.settle();
    expect(await asked).toEqual({ bytesWritten: 3, bytesSent: 2, bytesAcknowledged: 1 });
    end();
    carrier.settle();
    carrier.event(() => mux.streamFinished(stream.id));
    carrier.settle();
    carrier.outgoing.clear();
    const later = half.stats();
    carrier.settle();
    expect(await later).toEqual({ bytesWritten: 5, bytesSent: 5, bytesAcknowledged: 5 });
  });
});

describe('reading', () => {
  it('reads nothing before it is asked to', () => {
    const { carrier, events, read, stream } = receiver();
    carrier.arrive(stream.id, 'abcdefgh');
    carrier.settle();
    expect(carrier.incoming.get(stream.id)?.unread).toBe(8);
    read();
    carrier.settle();
    expect(events).toEqual(['read abcd ok']);
    expect(carrier.incoming.get(stream.id)?.unread).toBe(4);
  });

  it('answers a waiting read when bytes arrive', () => {
    const { carrier, events, read, stream } = receiver();
    read();
    carrier.settle();
    expect(events).toEqual([]);
    carrier.arrive(stream.id, 'ab');
    carrier.settle();
    expect(events).toEqual(['read ab ok']);
  });

  it.each([
    ['with the last bytes', 'ab', ['read ab fin ok']],
    ['alone', '', ['read  fin ok']],
  ])('tells the end %s, again and again', (_, bytes, told) => {
    const { carrier, events, read, stream, mux } = receiver();
    carrier.arrive(stream.id, bytes, true);
    read();
    carrier.settle();
    expect(events).toEqual(told);
    expect(mux.streamCount).toBe(0);
    read();
    expect(events.at(-1)).toBe('read  fin ok');
  });

  it.each([
    [applicationToHttp3Code(0xffff_ffff), 0xffff_ffff],
    [CANCELLED, undefined],
  ])('RESET_STREAM with %d ends it with application code %s, whether or not somebody reads', (wire, code) => {
    const { carrier, events, read, stream, mux, half } = receiver();
    carrier.event(() => mux.reset(stream.id, wire));
    carrier.event(() => mux.reset(stream.id, wire));
    carrier.settle();
    expect(events).toEqual([`onReset reset ${code}`]);
    read();
    half.stop(1);
    carrier.settle();
    expect(events.at(-1)).toBe(`read  reset ${code}`);
    expect(carrier.calls).toEqual([]);
    expect(mux.streamCount).toBe(0);
  });

  it('a waiting read learns of the reset first', () => {
    const { carrier, events, read, stream, mux } = receiver();
    read();
    carrier.event(() => mux.reset(stream.id, applicationToHttp3Code(1)));
    carrier.settle();
    expect(events).toEqual(['read  reset 1', 'onReset reset 1']);
  });

  it('STOP_SENDING carries the code, once, and ends a waiting read', () => {
    const { carrier, events, read, stream, half, mux } = receiver();
    read();
    half.stop(30);
    half.stop(31);
    carrier.settle();
    expect(events).toEqual(['read  stopped 30']);
    expect(carrier.calls).toEqual([`stop ${stream.id} ${applicationToHttp3Code(30)}`]);
    // What is under way then is nobody's.
    carrier.arrive(stream.id, 'late');
    carrier.event(() => expect(mux.dataReadable(stream.id)).toBe(false));
    carrier.settle();
    expect(events).toEqual(['read  stopped 30']);
    expect(mux.streamCount).toBe(0);
  });

  it('tells counters', async () => {
    const { carrier, stream, half } = receiver();
    carrier.arrive(stream.id, 'x');
    const asked = half.stats();
    carrier.settle();
    expect(await asked).toEqual({ bytesReceived: 1, bytesRead: 0 });
  });
});

it('keeps a bidirectional stream until both halves are over, in either order', () => {
  for (const sendingFirst of [true, false]) {
    const { carrier, stream, half, mux } = sender(true);
    const receiving = receivingOf(stream);
    if (sendingFirst) half.reset(1);
    else receiving.stop(1);
    carrier.settle();
    expect(mux.streamCount).toBe(1);
    if (sendingFirst) carrier.event(() => mux.reset(stream.id, CANCELLED));
    else carrier.event(() => mux.stopSending(stream.id, CANCELLED));
    carrier.settle();
    expect(mux.streamCount).toBe(0);
  }
});

it('a stream of each kind has the halves that QUIC gives it', () => {
  const fixture = new Fixture();
  const { session, listener } = fixture.open();
  for (const id of [1, 3]) fixture.carrier.event((mux) => mux.streamOpened(id, 0));
  fixture.carrier.settle();
  const own = [true, false].map((bidirectional) => fixture.openStream(session, bidirectional));
  const kinds = [...own, ...listener.streams].map(({ local, bidirectional, sending, receiving }) => [
    local,
    bidirectional,
    sending !== undefined,
    receiving !== undefined,
  ]);
  expect(kinds).toEqual([
    [true, true, true, true],
    [true, false, true, false],
    [false, true, true, true],
    [false, false, false, true],
  ]);
});

it('what is not a stream of WebTransport is left to the caller', () => {
  const { carrier, mux } = new Fixture();
  carrier.event(() => {
    expect([mux.dataReadable(8), mux.dataWritable(8), mux.reset(8, 0), mux.stopSending(8, 0)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    mux.streamFinished(8);
  });
  carrier.settle();
  expect(carrier.calls).toEqual([]);
});

it('the loss of the connection ends every half once, with one and the same error, and touches neqo no more', async () => {
  const { carrier, mux, events, write, end, half, stream, session } = sender(true);
  const receiving = receivingOf(stream);
  receiving.onReset = (error) => events.push(`onReset ${outcome(error)}`);
  receiving.read(Buffer.alloc(1), (_, fin, error) => events.push(`read ${fin} ${outcome(error)}`));
  carrier.window = 1;
  write('ab');
  end();
  carrier.settle();
  const touched = carrier.calls.length;
  const lost = new ConnectionError('ERR_HTTP3_IDLE_TIMEOUT', 'Idle');
  const counters = half.stats();
  // Outside any turn: the carrier throws if it is touched.
  mux.connectionLost(lost);
  mux.connectionLost(lost);
  const why = 'session failed';
  expect(events).toEqual([`write ${why}`, `end ${why}`, `onStopped ${why}`, `read false ${why}`, `onReset ${why}`]);
  write('x');
  half.reset(1);
  receiving.stop(1);
  half.setPriority(0, 1);
  expect(events.at(-1)).toBe(`write ${why}`);
  expect(await counters).toBeUndefined();
  expect(await half.stats()).toBeUndefined();
  expect(carrier.calls.length).toBe(touched);
  expect(session.state).toBe('closed');
  expect(mux.idle).toBe(true);
});
