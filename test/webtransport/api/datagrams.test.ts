import { describe, expect, it } from 'vitest';
import { connected, connecting, isSettled, rejection, turn } from './fake-connector.js';
import type { FakeSession } from './fake-session.js';

const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();
const deliver = (session: FakeSession, ...datagrams: string[]): void => {
  for (const datagram of datagrams) session.listener?.onDatagram(Buffer.from(datagram));
};
async function microtasks(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await undefined;
}
/** Timers count from the loop's cached time, and may fire early by the clock that ages are measured with. */
async function pass(milliseconds: number): Promise<void> {
  const begin = performance.now();
  while (performance.now() - begin <= milliseconds) await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe('sending', () => {
  it('copies, and is over at once while there is room', async () => {
    const { transport, session } = await connected();
    const writer = transport.datagrams.createWritable().getWriter();
    const chunk = new Uint8Array([1]);
    await writer.write(chunk);
    chunk[0] = 9;
    await writer.write(new Uint8Array(0));
    session.sendDatagrams();
    expect(session.sentDatagrams).toEqual([Buffer.from([1]), Buffer.alloc(0)]);
    expect(session.pendings).toBeGreaterThan(0);
  });

  it('waits at the limit', async () => {
    const { transport, session } = await connected();
    transport.datagrams.outgoingMaxBufferedDatagrams = 3;
    const writer = transport.datagrams.writable.getWriter();
    for (let count = 0; count < 2; count++) {
      void writer.write(new Uint8Array([count]));
      let ready = false;
      void writer.ready.then(() => {
        ready = true;
      });
      await microtasks(10);
      expect(ready).toBe(true);
    }
    const third = writer.write(new Uint8Array([2]));
    expect(await isSettled(writer.ready)).toBe(false);
    expect(await isSettled(third)).toBe(false);
    session.sendDatagrams(2);
    expect(await isSettled(third)).toBe(false);
    session.sendDatagrams(1);
    await third;
    await writer.ready;
    expect(session.sentDatagrams.map((bytes) => bytes[0])).toEqual([0, 1, 2]);
  });

  it('goes on before the session is ready', async () => {
    const { transport, connect } = connecting();
    const writer = transport.datagrams.writable.getWriter();
    for (const count of [1, 2, 3]) await writer.write(new Uint8Array([count]));
    const read = transport.datagrams.readable.getReader().read();
    connect.accept();
    connect.session.sendDatagrams();
    expect(connect.session.sentDatagrams.map((bytes) => bytes[0])).toEqual([1, 2, 3]);
    deliver(connect.session, 'in');
    expect(text((await read).value)).toBe('in');
  });

  it('drops what is too large', async () => {
    const { transport, session } = await connected();
    expect(transport.datagrams.maxDatagramSize).toBe(1200);
    const writer = transport.datagrams.createWritable().getWriter();
    await writer.write(new Uint8Array(1201));
    await writer.write(new Uint8Array(1200));
    await writer.write(new Uint8Array(1100));
    session.maxDatagramSize = 1150;
    session.sendDatagrams();
    expect(session.sentDatagrams.map((bytes) => bytes.byteLength)).toEqual([1100]);
  });

  it('drops what has grown too old', async () => {
    const { transport, session } = await connected();
    transport.datagrams.outgoingMaxBufferedDatagrams = 1;
    transport.datagrams.outgoingMaxAge = 1;
    const writer = transport.datagrams.createWritable().getWriter();
    const old = writer.write(new Uint8Array([1]));
    await pass(1);
    session.sendDatagrams();
    await old;
    expect(session.sentDatagrams).toHaveLength(0);
    expect((await transport.getStats()).datagrams.expiredOutgoing).toBe(1);
  });

  it.each([['text'], [undefined], [new SharedArrayBuffer(1)]])('refuses %s', async (bad) => {
    const { transport } = await connected();
    const writer = transport.datagrams.createWritable().getWriter();
    const error = await rejection(writer.write(bad as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(await rejection(writer.write(new Uint8Array(0)))).toBe(error);
  });

  it('follows order within a group, and groups take turns', async () => {
    const { transport, session } = await connected();
    const [a, b] = [transport.createSendGroup(), transport.createSendGroup()];
    const queues: [name: string, group: typeof a, order: number][] = [
      ['a1', a, 1],
      ['a2', a, 2],
      ['b1', b, 1],
    ];
    for (const [name, sendGroup, sendOrder] of queues) {
      const writer = transport.datagrams.createWritable({ sendGroup, sendOrder }).getWriter();
      await writer.write(Buffer.from(`${name}x`));
      await writer.write(Buffer.from(`${name}y`));
    }
    session.sendDatagrams();
    const sent = session.sentDatagrams.map((bytes) => bytes.toString());
    expect(sent.filter((name) => name.startsWith('a'))).toEqual(['a2x', 'a2y', 'a1x', 'a1y']);
    expect(sent.slice(0, 4).filter((name) => name.startsWith('b'))).toEqual(['b1x', 'b1y']);
  });

  it('after the session is over harms nobody', async () => {
    const { transport } = await connected();
    const writer = transport.datagrams.createWritable().getWriter();
    const other = transport.datagrams.createWritable();
    transport.datagrams.outgoingMaxBufferedDatagrams = 1;
    const waiting = writer.write(new Uint8Array(1));
    const queued = writer.write(new Uint8Array(1));
    transport.close();
    await Promise.all([waiting, queued, writer.closed, other.getWriter().closed]);
    // Nobody looks at this one.
    void writer.write(new Uint8Array(1));
    expect(await rejection(writer.write(new Uint8Array(1)))).toBeInstanceOf(TypeError);
    await transport.datagrams.writable.getWriter().closed;
    expect(transport.datagrams.writable).toBe(transport.datagrams.writable);
    await turn();
  });

  it('ends a pipe with the session', async () => {
    const { transport } = await connected();
    const source = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
    const piping = rejection(source.pipeTo(transport.datagrams.createWritable() as unknown as WritableStream));
    await turn();
    transport.close();
    expect(await piping).toMatchObject({ name: 'AbortError' });
  });
});

describe('receiving', () => {
  it('keeps each datagram apart, in memory of its own', async () => {
    const { transport, session } = await connected();
    const reader = transport.datagrams.readable.getReader();
    const waiting = reader.read();
    const slab = Buffer.from('onetwothree');
    for (const [start, end] of [
      [0, 3],
      [3, 6],
      [6, 11],
    ]) {
      session.listener?.onDatagram(slab.subarray(start, end));
    }
    const values = [(await waiting).value, (await reader.read()).value, (await reader.read()).value];
    expect(values.map(text)).toEqual(['one', 'two', 'three']);
    expect(values.map((value) => value?.buffer.byteLength)).toEqual([3, 3, 5]);
    expect(slab.toString()).toBe('onetwothree');
  });

  it('loses the oldest at the limit', async () => {
    const { transport, session } = await connected();
    transport.datagrams.incomingMaxBufferedDatagrams = 2;
    deliver(session, '1', '2', '3', '4', '5');
    const reader = transport.datagrams.readable.getReader();
    expect([text((await reader.read()).value), text((await reader.read()).value)]).toEqual(['4', '5']);
    expect((await transport.getStats()).datagrams.droppedIncoming).toBe(3);
  });

  it('drops what has grown too old', async () => {
    const { transport, session } = await connected();
    transport.datagrams.incomingMaxAge = 1;
    deliver(session, 'old');
    await pass(1);
    const read = transport.datagrams.readable.getReader().read();
    deliver(session, 'new');
    expect(text((await read).value)).toBe('new');
    expect((await transport.getStats()).datagrams.expiredIncoming).toBe(1);
  });

  it('fills the view of a BYOB reader', async () => {
    const { transport, session } = await connected();
    const reader = transport.datagrams.readable.getReader({ mode: 'byob' });
    deliver(session, 'one', '');
    expect(text((await reader.read(new Uint8Array(10))).value)).toBe('one');
    const waiting = reader.read(new Uint8Array(10));
    deliver(session, 'two');
    expect(text((await waiting).value)).toBe('two');
    const last = reader.read(new Uint8Array(10));
    transport.close();
    expect((await last).done).toBe(true);
  });

  it.each([[true], [false]])('is an error if the view is too small (waiting first: %s)', async (waits) => {
    const { transport, session } = await connected();
    const reader = transport.datagrams.readable.getReader({ mode: 'byob' });
    if (!waits) deliver(session, 'long');
    const read = rejection(reader.read(new Uint8Array(3)));
    await turn();
    if (waits) deliver(session, 'long');
    expect(await read).toBeInstanceOf(RangeError);
    expect(await rejection(reader.closed)).toBeInstanceOf(RangeError);
    deliver(session, 'more');
    transport.close();
    await transport.closed;
  });

  it('of the type default has no BYOB readers, and keeps empty datagrams', async () => {
    const { transport, session } = await connected({ datagramsReadableType: 'default' });
    expect(() => transport.datagrams.readable.getReader({ mode: 'byob' })).toThrow(TypeError);
    const reader = transport.datagrams.readable.getReader();
    deliver(session, '', 'a');
    expect((await reader.read()).value).toEqual(new Uint8Array(0));
    expect(text((await reader.read()).value)).toBe('a');
  });

  it('ends when the reader cancels', async () => {
    const { transport, session } = await connected();
    await transport.datagrams.readable.cancel();
    deliver(session, 'a');
    session.end({ kind: 'clean', closeCode: 0, reason: '', remote: true });
    await transport.closed;
  });
});

describe('limits', () => {
  it('are converted as the specification says', async () => {
    const { transport } = await connected();
    const { datagrams } = transport;
    for (const name of ['incomingHighWaterMark', 'outgoingHighWaterMark'] as const) {
      for (const [value, expected] of [
        [5, 5],
        [0.5, 1],
        [0, 1],
        [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      ] as const) {
        datagrams[name] = value;
        expect(datagrams[name]).toBe(expected);
      }
      for (const value of [-1, Number.NaN]) {
        expect(() => {
          datagrams[name] = value;
        }).toThrow(RangeError);
      }
    }
    datagrams.incomingMaxBufferedDatagrams = 0;
    expect(datagrams.incomingMaxBufferedDatagrams).toBe(1);
    expect(datagrams.incomingHighWaterMark).toBe(1);
    for (const name of ['incomingMaxAge', 'outgoingMaxAge'] as const) {
      expect(datagrams[name]).toBeNull();
      datagrams[name] = 5.5;
      expect(datagrams[name]).toBe(5.5);
      datagrams[name] = 0;
      expect(datagrams[name]).toBeNull();
      for (const value of [-1, Number.NaN]) {
        expect(() => {
          datagrams[name] = value;
        }).toThrow(RangeError);
      }
    }
  });
});
