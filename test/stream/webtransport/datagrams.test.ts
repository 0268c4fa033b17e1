import { expect, it } from 'vitest';
import type { DatagramSource } from '../../../src/stream/webtransport/session-listener.js';
import { Fixture } from './session-fixture.js';

/** A queue of datagrams. */
class Source implements DatagramSource {
  readonly queue: Uint8Array[];
  readonly outcomes = { sent: 0, refused: 0 };

  constructor(...datagrams: (string | Uint8Array)[]) {
    this.queue = datagrams.map((datagram) => Buffer.from(datagram));
  }

  next(): Uint8Array | undefined {
    return this.queue[0];
  }

  sent(): void {
    this.queue.shift();
    this.outcomes.sent += 1;
  }

  refused(): void {
    this.queue.shift();
    this.outcomes.refused += 1;
  }
}

it('takes nothing from the source before the session is open', () => {
  const fixture = new Fixture();
  const session = fixture.connecting();
  const source = new Source('a', 'b');
  session.setDatagramSource(source);
  session.datagramsPending();
  fixture.carrier.settle();
  expect([source.queue.length, session.maxDatagramSize]).toEqual([2, 0]);
  session.accepted();
  fixture.carrier.settle();
  expect(fixture.carrier.sentDatagrams.map(String)).toEqual(['a', 'b']);
  expect(session.maxDatagramSize).toBe(1200);
});

it('waits for room, and loses nothing', () => {
  const fixture = new Fixture();
  const { carrier, mux } = fixture;
  const { session } = fixture.open();
  const source = new Source('a', 'b', 'c');
  carrier.datagramRoom = 2;
  session.setDatagramSource(source);
  carrier.settle();
  // More of them do not make it ask again.
  session.datagramsPending();
  carrier.settle();
  expect([source.outcomes.sent, source.queue.length]).toEqual([2, 1]);
  carrier.datagramRoom = 3;
  carrier.event(() => mux.datagramsWritable());
  carrier.settle();
  expect(carrier.sentDatagrams.map(String)).toEqual(['a', 'b', 'c']);
});

it('the size follows the path; what does not fit is refused, and counted', async () => {
  const fixture = new Fixture();
  const { carrier } = fixture;
  const { session } = fixture.open();
  carrier.maxDatagram = 3;
  const source = new Source('four', 'ok', 'three');
  session.setDatagramSource(source);
  carrier.settle();
  expect(source.outcomes).toEqual({ sent: 1, refused: 2 });
  expect(session.maxDatagramSize).toBe(3);
  carrier.maxDatagram = 1400;
  const stats = session.stats();
  carrier.settle();
  expect(await stats).toMatchObject({ datagramsSent: 1, datagramsRefused: 2, datagramsReceived: 0 });
  expect(session.maxDatagramSize).toBe(1400);
});

it('sends a bounded number in one turn, and each session has its share', () => {
  const fixture = new Fixture();
  const { carrier } = fixture;
  const sessions = [0, 4].map((id) => fixture.open(id).session);
  const sources = sessions.map((session) => {
    const source = new Source(...Array<string>(1000).fill('x'));
    session.setDatagramSource(source);
    return source;
  });
  carrier.turn();
  expect(sources.map(({ outcomes }) => outcomes.sent)).toEqual([256, 256]);
  carrier.settle();
  expect(sources.map(({ outcomes }) => outcomes.sent)).toEqual([1000, 1000]);
});

it('takes nothing more once the session is over', () => {
  const fixture = new Fixture();
  const { carrier, mux } = fixture;
  const { session } = fixture.open();
  const source = new Source('a', 'b');
  carrier.datagramRoom = 1;
  session.setDatagramSource(source);
  carrier.settle();
  session.close(0, '');
  carrier.settle();
  carrier.datagramRoom = 9;
  carrier.event(() => mux.datagramsWritable());
  session.datagramsPending();
  session.setDatagramSource(source);
  carrier.settle();
  expect(source.queue.length).toBe(1);
});

it('hands over what arrives, as a QUIC datagram or as a capsule', () => {
  const fixture = new Fixture();
  const { session, listener } = fixture.open();
  fixture.carrier.event((mux) => mux.datagramReceived(0, Buffer.from('quic')));
  fixture.carrier.settle();
  fixture.capsules(session, `00 02 ${Buffer.from('by').toString('hex')}`);
  expect(listener.datagrams).toEqual(['quic', 'by']);
});

it('drops and counts those of sessions that are not there', () => {
  const fixture = new Fixture('client');
  const { session, listener } = fixture.open(0);
  session.close(0, '');
  for (const id of [0, 8]) fixture.carrier.event((mux) => mux.datagramReceived(id, Buffer.from('x')));
  fixture.carrier.settle();
  expect(listener.datagrams).toEqual([]);
  // The session that is closing is still there, and lets it pass.
  expect(fixture.mux.counters.datagramsDropped).toBe(1);
});
