import { expect, it } from 'vitest';
import { ConnectionError } from '../../../src/errors.js';
import type { Http3WebTransportSession } from '../../../src/stream/webtransport/http3-webtransport-session.js';
import { Fixture, NO_PRIORITY, WAIT } from './session-fixture.js';

/** Asks for a stream; the record gets the name, and what came of it. */
function ask(
  session: Http3WebTransportSession,
  record: string[],
  name: string,
  options = WAIT as typeof WAIT | typeof NO_PRIORITY,
  bidirectional = true,
): () => void {
  return session.openStream(bidirectional, options, (result) =>
    record.push(`${name} ${typeof result === 'string' ? result : 'open'}`),
  );
}

it('opens in a turn, not before', () => {
  const fixture = new Fixture();
  const { session } = fixture.open();
  const record: string[] = [];
  ask(session, record, 'a');
  expect(record).toEqual([]);
  fixture.carrier.settle();
  expect(record).toEqual(['a open']);
});

it('waits for the session to be open, even without waitUntilAvailable', () => {
  const fixture = new Fixture();
  const session = fixture.connecting();
  const record: string[] = [];
  ask(session, record, 'a', NO_PRIORITY);
  fixture.carrier.settle();
  expect([record, fixture.carrier.calls]).toEqual([[], []]);
  session.accepted();
  fixture.carrier.settle();
  expect(record).toEqual(['a open']);
});

it('opens nothing for a session that the server closes with its answer', () => {
  const fixture = new Fixture();
  const session = fixture.connecting();
  const record: string[] = [];
  ask(session, record, 'a');
  fixture.carrier.event(() => session.accepted());
  fixture.carrier.event(() => session.controlEnd());
  fixture.carrier.settle();
  expect(record).toEqual(['a closed']);
  expect(fixture.carrier.calls).toEqual([]);
});

it('first come, first served, over all sessions; the others wait or fail at the limit', () => {
  const fixture = new Fixture();
  const { carrier, mux } = fixture;
  const { session: one } = fixture.open(0);
  const { session: two } = fixture.open(4);
  carrier.streamLimit.bidirectional = 1;
  const record: string[] = [];
  ask(one, record, 'a');
  ask(one, record, 'b');
  ask(two, record, 'c', NO_PRIORITY);
  ask(two, record, 'd');
  ask(one, record, 'e', NO_PRIORITY, false);
  carrier.settle();
  expect(record.sort()).toEqual(['a open', 'c limit', 'e open']);
  record.length = 0;
  carrier.streamLimit.bidirectional = 2;
  carrier.event(() => mux.streamsCreatable(true));
  // Those that wait come first.
  ask(one, record, 'f', NO_PRIORITY);
  carrier.settle();
  expect(record).toEqual(['b open', 'f limit']);
  carrier.streamLimit.bidirectional = 9;
  carrier.event(() => mux.streamsCreatable(true));
  ask(two, record, 'g', NO_PRIORITY);
  carrier.settle();
  expect(record).toEqual(['b open', 'f limit', 'd open', 'g open']);
});

it('those that wait keep their places when the limit has not moved after all', () => {
  const fixture = new Fixture();
  const { carrier, mux } = fixture;
  const { session } = fixture.open();
  carrier.streamLimit.bidirectional = 0;
  const record: string[] = [];
  for (const name of ['a', 'b', 'c']) ask(session, record, name);
  carrier.settle();
  for (const limit of [0, 1, 1, 3]) {
    carrier.streamLimit.bidirectional = limit;
    carrier.event(() => mux.streamsCreatable(true));
    carrier.settle();
  }
  expect(record).toEqual(['a open', 'b open', 'c open']);
});

it('the directions do not hold each other up', () => {
  const fixture = new Fixture();
  const { session } = fixture.open();
  fixture.carrier.streamLimit.bidirectional = 0;
  const record: string[] = [];
  ask(session, record, 'bidi');
  ask(session, record, 'uni', WAIT, false);
  fixture.carrier.settle();
  expect(record).toEqual(['uni open']);
});

it('a request that is given up is not answered, wherever it waits', () => {
  const fixture = new Fixture();
  const { carrier, mux } = fixture;
  const record: string[] = [];
  const connecting = fixture.connecting(4);
  ask(connecting, record, 'connecting')();
  connecting.accepted();
  const { session } = fixture.open(0);
  ask(session, record, 'fresh')();
  carrier.streamLimit.bidirectional = 0;
  const giveUp = ask(session, record, 'waiting');
  carrier.settle();
  giveUp();
  giveUp();
  carrier.streamLimit.bidirectional = 9;
  carrier.event(() => mux.streamsCreatable(true));
  carrier.settle();
  expect([record, carrier.calls]).toEqual([[], []]);
});

it('ends with the session, wherever it waits, and after it', async () => {
  const fixture = new Fixture();
  const { carrier } = fixture;
  const { session } = fixture.open();
  carrier.streamLimit.bidirectional = 0;
  const record: string[] = [];
  ask(session, record, 'waiting');
  carrier.settle();
  ask(session, record, 'fresh');
  session.close(0, '');
  ask(session, record, 'closing');
  expect(record).toEqual([]);
  carrier.settle();
  expect(record).toEqual(['waiting closed', 'fresh closed', 'closing closed']);
  ask(session, record, 'closed');
  carrier.settle();
  expect(record.at(-1)).toBe('closed closed');
  expect(carrier.calls).toEqual([]);
});

it('ends with the connection, and after it', async () => {
  const fixture = new Fixture();
  const { carrier, mux } = fixture;
  const { session } = fixture.open();
  carrier.streamLimit.bidirectional = 0;
  const record: string[] = [];
  ask(session, record, 'waiting');
  carrier.settle();
  ask(session, record, 'fresh');
  mux.connectionLost(new ConnectionError('ERR_HTTP3_IDLE_TIMEOUT', 'Idle'));
  expect(record).toEqual(['waiting closed', 'fresh closed']);
  ask(session, record, 'after');
  await Promise.resolve();
  expect(record.at(-1)).toBe('after closed');
  expect(mux.idle).toBe(true);
});

it('a connection that takes no streams any more refuses', () => {
  const fixture = new Fixture();
  const { session } = fixture.open();
  const record: string[] = [];
  ask(session, record, 'a');
  fixture.carrier.turn();
  const open = fixture.carrier.openStream.bind(fixture.carrier);
  fixture.carrier.openStream = (...args) => {
    fixture.carrier.closing = true;
    return open(...args);
  };
  ask(session, record, 'b');
  fixture.carrier.settle();
  expect(record).toEqual(['a open', 'b closed']);
});

it('opens a thousand without keeping the event loop from its turn', () => {
  const fixture = new Fixture();
  const { session } = fixture.open();
  const record: string[] = [];
  for (let i = 0; i < 1000; i++) ask(session, record, String(i));
  const before = fixture.carrier.turns;
  fixture.carrier.settle();
  expect(record).toEqual(Array.from({ length: 1000 }, (_, i) => `${i} open`));
  expect(fixture.carrier.turns - before).toBe(4);
});
