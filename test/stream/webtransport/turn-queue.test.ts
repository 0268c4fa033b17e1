import { expect, it } from 'vitest';
import { TurnQueue } from '../../../src/stream/webtransport/turn-queue.js';
import { FakeCarrier } from './fake-carrier.js';

function start() {
  const carrier = new FakeCarrier('client');
  const record: string[] = [];
  return { carrier, turns: new TurnQueue(carrier), record };
}

it('runs commands in order, then each mover once', () => {
  const { carrier, turns, record } = start();
  let left = 2;
  const mover = { move: () => record.push(`move ${left}`) > 0 && --left > 0 };
  turns.wants(mover);
  turns.wants(mover);
  turns.later(() => record.push('first'));
  turns.later(() => {
    record.push('second');
    turns.later(() => record.push('of the next turn'));
  });
  carrier.turn();
  expect(record).toEqual(['first', 'second', 'move 2']);
  carrier.turn();
  expect(record.slice(3)).toEqual(['of the next turn', 'move 1']);
  expect([carrier.idle, turns.size]).toEqual([true, 0]);
});

it('a command or mover that throws does not keep the others waiting', () => {
  const { carrier, turns, record } = start();
  const fail = (what: string) => (): never => {
    throw new Error(what);
  };
  turns.later(fail('command'));
  turns.later(() => record.push('second'));
  let thrown = false;
  turns.wants({
    move: () => {
      if (thrown) return false;
      thrown = true;
      return fail('mover')();
    },
  });
  turns.wants({ move: () => record.push('mover') < 0 });
  expect(() => carrier.turn()).toThrow('command');
  expect(() => carrier.turn()).toThrow('mover');
  carrier.settle();
  expect(record).toEqual(['second', 'mover']);
});

it('a mover that is forgotten does not move', () => {
  const { carrier, turns, record } = start();
  const mover = { move: () => record.push('moved') < 0 };
  turns.wants(mover);
  turns.forget(mover);
  carrier.settle();
  expect(record).toEqual([]);
});

it('answers what was asked also when the connection ends first, in the middle of a turn, or before the question', async () => {
  const { carrier, turns } = start();
  const before = turns.ask(
    () => 'answer',
    () => 'lost',
  );
  turns.later(() => turns.end());
  const during = turns.ask(
    () => 'answer',
    () => 'lost',
  );
  carrier.settle();
  const after = turns.ask(
    () => 'answer',
    () => 'lost',
  );
  turns.wants({ move: () => true });
  expect(await Promise.all([before, during, after])).toEqual(['answer', 'lost', 'lost']);
  expect([turns.size, turns.over, carrier.idle]).toEqual([0, true, true]);
});
