import { describe, expect, it } from 'vitest';
import { ReadyToWriteQueue } from '../../src/session/ready-to-write-queue.js';
import { SlowConsumerQueue } from '../../src/session/slow-consumer-queue.js';

interface Item {
  readonly name: string;
  urgency: number;
}

const item = (name: string, urgency = 3): Item => ({ name, urgency });

function drained(queue: { drain(visit: (stream: Item) => void): void }): string[] {
  const names: string[] = [];
  queue.drain(({ name }) => names.push(name));
  return names;
}

describe('SlowConsumerQueue', () => {
  it('hands streams out in order of arrival, each once', () => {
    const queue = new SlowConsumerQueue<Item>();
    const [a, b] = [item('a'), item('b')];
    for (const stream of [a, b, a]) queue.add(stream);
    expect(queue.size).toBe(2);
    expect(drained(queue)).toEqual(['a', 'b']);
    expect(queue.size).toBe(0);
  });

  it('keeps a stream that registers during its own turn for the next drain', () => {
    const queue = new SlowConsumerQueue<Item>();
    const [a, b] = [item('a'), item('b')];
    queue.add(a);
    queue.add(b);
    const seen: string[] = [];
    queue.drain((stream) => {
      seen.push(stream.name);
      queue.add(stream);
    });
    expect(seen).toEqual(['a', 'b']);
    expect(drained(queue)).toEqual(['a', 'b']);
  });

  it('does not visit a stream that was removed during the drain', () => {
    const queue = new SlowConsumerQueue<Item>();
    const [a, b] = [item('a'), item('b')];
    queue.add(a);
    queue.add(b);
    const seen: string[] = [];
    queue.drain((stream) => {
      seen.push(stream.name);
      queue.delete(b);
    });
    expect(seen).toEqual(['a']);
  });
});

describe('ReadyToWriteQueue', () => {
  const make = (): ReadyToWriteQueue<Item> => new ReadyToWriteQueue<Item>((stream) => stream.urgency);

  it('hands out the most urgent first, and in order of arrival within an urgency (RFC 9218 4.1)', () => {
    const queue = make();
    for (const stream of [item('low', 7), item('first', 3), item('urgent', 0), item('second', 3)]) queue.add(stream);
    expect(drained(queue)).toEqual(['urgent', 'first', 'second', 'low']);
    expect(queue.size).toBe(0);
  });

  it('holds a stream once', () => {
    const queue = make();
    const stream = item('a');
    queue.add(stream);
    queue.add(stream);
    expect(queue.size).toBe(1);
  });

  it('finds a stream to delete though its urgency changed since it was added', () => {
    const queue = make();
    const stream = item('a', 7);
    queue.add(stream);
    stream.urgency = 0;
    queue.delete(stream);
    expect(queue.size).toBe(0);
    expect(drained(queue)).toEqual([]);
  });

  it('keeps a stream that registers during its own turn for the next drain', () => {
    const queue = make();
    queue.add(item('a'));
    let visits = 0;
    queue.drain((stream) => {
      visits += 1;
      queue.add(stream);
    });
    expect(visits).toBe(1);
    expect(queue.size).toBe(1);
  });
});
