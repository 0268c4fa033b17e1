import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../src/errors.js';
import type { Http3WebTransportStream } from '../../../src/stream/webtransport/http3-webtransport-stream.js';
import type { DatagramSource } from '../../../src/stream/webtransport/session-listener.js';
import { createRandom } from '../../support/random.js';
import { LinkedEnds, readAll } from './linked-ends.js';
import { outcome } from './session-fixture.js';

const pattern = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff));

/** Sends bytes and FIN; `done` once all is acknowledged, or with how it ended. */
function sendAll(stream: Http3WebTransportStream, bytes: Uint8Array, done: (outcome: string) => void = () => {}): void {
  stream.sending?.write(bytes, (error) => {
    if (error !== undefined) done(outcome(error));
    else stream.sending?.end((failed) => done(outcome(failed)));
  });
}

describe.each(['client', 'server'] as const)('streams of the %s', (opener) => {
  it.each([
    [0, true],
    [1, true],
    [65_536, true],
    [1_000_000, true],
    [0, false],
    [1, false],
    [65_536, false],
    [1_000_000, false],
  ])('carry %d bytes whole, bidirectional: %s', (length, bidirectional) => {
    const ends = new LinkedEnds();
    const accepting = opener === 'client' ? ends.serverListener : ends.clientListener;
    const sent = pattern(length);
    const results: (string | Buffer)[] = [];
    accepting.onIncomingStream = (stream) =>
      readAll(stream, (bytes) => {
        results.push(bytes);
        if (bidirectional && typeof bytes !== 'string') sendAll(stream, bytes);
      });
    ends.open(opener, bidirectional, (stream) => {
      sendAll(stream, sent, (how) => results.push(how));
      if (bidirectional) readAll(stream, (bytes) => results.push(bytes));
    });
    ends.run();
    const received = results.filter((result) => typeof result !== 'string');
    expect(results.filter((result) => typeof result === 'string')).toEqual(['ok']);
    expect(received.length).toBe(bidirectional ? 2 : 1);
    expect(received.every((bytes) => sent.equals(bytes))).toBe(true);
    expect([ends.client.mux.streamCount, ends.server.mux.streamCount]).toEqual([0, 0]);
  });
});

it('100,000 streams in sequence leave nothing behind', () => {
  const ends = new LinkedEnds();
  let echoed = 0;
  ends.serverListener.onIncomingStream = (stream) =>
    readAll(stream, (bytes) => typeof bytes !== 'string' && sendAll(stream, bytes), Buffer.alloc(8));
  const into = Buffer.alloc(8);
  const message = Buffer.from('ping');
  const next = (): void =>
    ends.open('client', true, (stream) => {
      sendAll(stream, message);
      readAll(
        stream,
        (bytes) => {
          echoed += Number(message.equals(Buffer.from(bytes)));
          for (const { carrier } of [ends.client, ends.server]) {
            carrier.calls.length = 0;
            carrier.incoming.delete(stream.id - 4);
            carrier.outgoing.delete(stream.id - 4);
          }
          if (echoed < 100_000) next();
        },
        into,
      );
    });
  next();
  ends.run();
  expect(echoed).toBe(100_000);
  expect([ends.client.mux.streamCount, ends.server.mux.streamCount]).toEqual([0, 0]);
  expect([ends.clientSession.streamCount, ends.serverSession.streamCount]).toEqual([0, 0]);
});

it('1,000 streams at once each way arrive whole', () => {
  const ends = new LinkedEnds();
  let whole = 0;
  const count = (bytes: Buffer | string): void => {
    whole += Number(typeof bytes !== 'string' && bytes.length === 3000);
  };
  for (const listener of [ends.clientListener, ends.serverListener]) {
    listener.onIncomingStream = (stream) => readAll(stream, count);
  }
  for (let i = 0; i < 1000; i++) {
    for (const end of ['client', 'server'] as const)
      ends.open(end, i % 2 === 0, (stream) => sendAll(stream, pattern(3000)));
  }
  ends.run();
  expect(whole).toBe(2000);
});

it('a reader that does not read holds up its own stream, and no other', () => {
  const ends = new LinkedEnds();
  const incoming: Http3WebTransportStream[] = [];
  ends.serverListener.onIncomingStream = (stream) => incoming.push(stream);
  const done: string[] = [];
  const bytes = pattern(1 << 20);
  for (const name of ['slow', 'quick']) {
    ends.open('client', false, (stream) => sendAll(stream, bytes, (how) => done.push(`${name} ${how}`)));
  }
  ends.run();
  const [slow, quick] = incoming;
  if (slow === undefined || quick === undefined) throw new Error('no streams');
  readAll(quick, (all) => done.push(`read ${all.length}`));
  ends.run();
  expect(done).toEqual([`read ${bytes.length}`, 'quick ok']);
  expect(ends.server.carrier.incoming.get(slow.id)?.unread).toBe(ends.client.carrier.window);
  readAll(slow, (all) => done.push(`read ${all.length}`));
  ends.run();
  expect(done.slice(2)).toEqual([`read ${bytes.length}`, 'slow ok']);
});

it('datagrams add up when the queue is small', () => {
  const ends = new LinkedEnds();
  const { carrier, mux } = ends.client;
  const total = 10_000;
  let left = total;
  const source: DatagramSource = {
    next: () => (left > 0 ? Buffer.from(String(left)) : undefined),
    sent: () => {
      left -= 1;
    },
    refused: () => {},
  };
  carrier.datagramRoom = 10;
  ends.clientSession.setDatagramSource(source);
  for (let round = 0; left > 0 || !carrier.idle; round++) {
    if (round > total) throw new Error('stuck');
    ends.run();
    carrier.sentDatagrams.length = 0;
    carrier.event(() => mux.datagramsWritable());
    carrier.turn();
  }
  ends.run();
  expect(ends.serverListener.datagrams).toEqual(Array.from({ length: total }, (_, i) => String(total - i)));
});

it('codes of reset and stop arrive as they were given', () => {
  for (const code of [0, 1, 29, 30, 255, 256, 0xffff_ffff]) {
    const ends = new LinkedEnds();
    const told: string[] = [];
    ends.serverListener.onIncomingStream = (stream) => {
      if (stream.receiving !== undefined) stream.receiving.onReset = (error) => told.push(outcome(error));
      stream.receiving?.stop(code);
      stream.sending?.reset(code);
    };
    ends.open('client', true, (stream) => {
      if (stream.sending !== undefined) stream.sending.onStopped = (error) => told.push(outcome(error));
      if (stream.receiving !== undefined) stream.receiving.onReset = (error) => told.push(outcome(error));
    });
    ends.run();
    expect(told.sort()).toEqual([`reset ${code}`, `stopped ${code}`]);
    expect([ends.client.mux.streamCount, ends.server.mux.streamCount]).toEqual([0, 0]);
  }
});

it.each(['client', 'server', 'both'] as const)('a close by %s settles everything at both ends', (closer) => {
  const ends = new LinkedEnds();
  ends.open('client', true, () => {});
  ends.open('server', false, () => {});
  ends.run();
  if (closer !== 'server') ends.clientSession.close(1, 'of the client');
  if (closer !== 'client') ends.serverSession.close(2, 'of the server');
  ends.run();
  const clientSees = closer === 'server' ? { closeCode: 2, remote: true } : { closeCode: 1, remote: false };
  const serverSees = closer === 'client' ? { closeCode: 1, remote: true } : { closeCode: 2, remote: false };
  expect(ends.clientListener.ends).toMatchObject([clientSees]);
  expect(ends.serverListener.ends).toMatchObject([serverSees]);
  for (const { mux } of [ends.client, ends.server]) expect(mux.idle).toBe(true);
  expect([ends.clientSession.state, ends.serverSession.state]).toEqual(['closed', 'closed']);
});

/** Everything a user can do, in a random order, until a random end; each callback must come exactly once. */
function live(seed: number): void {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const ends = new LinkedEnds(() => 1 + below(4));
  const { carrier } = ends.client;
  for (const end of [ends.client, ends.server]) {
    end.carrier.window = 1 + below(5000);
    end.carrier.streamLimit = { bidirectional: below(30), unidirectional: below(30) };
  }
  let owed = 0;
  const owe = (): (() => void) => {
    let paid = false;
    owed += 1;
    return () => {
      if (paid) throw new Error('called twice');
      paid = true;
      owed -= 1;
    };
  };
  const streams: Http3WebTransportStream[] = [];
  for (const listener of [ends.clientListener, ends.serverListener]) {
    listener.onIncomingStream = (stream) => streams.push(stream);
  }
  const busy = new Set<unknown>();
  const once = (half: object, start: (done: () => void) => void): void => {
    if (busy.has(half)) return;
    busy.add(half);
    const pay = owe();
    start(() => {
      busy.delete(half);
      pay();
    });
  };
  const actions: (() => void)[] = [
    () => {
      const pay = owe();
      const session = random() < 0.5 ? ends.clientSession : ends.serverSession;
      const options = { waitUntilAvailable: random() < 0.5, sendGroup: 0, sendOrder: below(3) };
      session.openStream(random() < 0.5, options, (stream) => {
        pay();
        if (typeof stream !== 'string') streams.push(stream);
      });
    },
    () => {
      const half = streams[below(streams.length)]?.sending;
      if (half !== undefined) once(half, (done) => half.write(pattern(below(8000)), done));
    },
    () => {
      const half = streams[below(streams.length)]?.sending;
      if (half !== undefined) once(half, (done) => half.end(done));
    },
    () => {
      const half = streams[below(streams.length)]?.receiving;
      if (half !== undefined) once(half, (done) => half.read(Buffer.alloc(1 + below(4000)), done));
    },
    () => streams[below(streams.length)]?.sending?.setPriority(0, below(9)),
    () => ends.step(),
    () => ends.step(),
  ];
  const rare: (() => void)[] = [
    () => streams[below(streams.length)]?.sending?.reset(below(100)),
    () => streams[below(streams.length)]?.receiving?.stop(below(100)),
    () => ends.clientSession.drain(),
    () => carrier.event((mux) => mux.streamsCreatable(random() < 0.5)),
    () => carrier.event((mux) => mux.dataWritable(streams[below(streams.length)]?.id ?? 0)),
  ];
  for (let i = 50 + below(300); i > 0; i--) {
    const from = random() < 0.1 ? rare : actions;
    from[below(from.length)]?.();
  }
  const endings: (() => void)[] = [
    () => ends.clientSession.close(1, 'x'),
    () => ends.serverSession.close(2, 'y'),
    () => ends.clientSession.destroy(),
    () => ends.serverSession.destroy(),
    () => ends.client.carrier.event(() => ends.clientSession.controlStopped(0)),
    () => {},
  ];
  for (let i = below(3); i >= 0; i--) endings[below(endings.length)]?.();
  for (let i = below(5); i > 0; i--) ends.step();
  if (random() < 0.5) ends.run();
  for (const { mux } of [ends.client, ends.server]) mux.connectionLost(new ConnectionError('ERR_TEST', 'lost'));
  expect(owed, `callbacks that did not come, seed ${seed}`).toBe(0);
  for (const listener of [ends.clientListener, ends.serverListener]) {
    expect(listener.ends.length, `ends, seed ${seed}`).toBe(1);
    expect(listener.order.at(-1)).toBe('closed');
  }
  for (const { mux } of [ends.client, ends.server]) expect(mux.idle, `idle, seed ${seed}`).toBe(true);
}

it('every callback comes exactly once, whatever happens in whatever order', () => {
  for (let seed = 1; seed <= 1000; seed++) live(seed);
});

it('random bytes on the CONNECT stream end the session at most, and never throw', () => {
  const random = createRandom(0x57);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let round = 0; round < 2000; round++) {
    const ends = new LinkedEnds();
    const listener = ends.serverListener;
    let ended = false;
    while (!ended && random() < 0.9) {
      const bytes = Uint8Array.from({ length: below(20) }, () =>
        random() < 0.3 ? ([0x68, 0x43, 0x80, 0x78, 0xae, 0][below(6)] ?? 0) : below(256),
      );
      ends.server.carrier.event(() => ends.serverSession.controlData(bytes));
      if (random() < 0.1) {
        ends.server.carrier.event(() => ends.serverSession.controlEnd());
        ended = true;
      }
    }
    ends.run();
    if (ended) expect(listener.ends.length).toBe(1);
    for (const { mux } of [ends.client, ends.server]) mux.connectionLost(new ConnectionError('ERR_TEST', 'lost'));
    expect(listener.ends.length).toBe(1);
  }
});
