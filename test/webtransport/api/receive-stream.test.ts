import { describe, expect, it } from 'vitest';
import { WebTransportError, type WebTransportReceiveStream } from '../../../src/webtransport/index.js';
import { connected, isSettled, rejection, turn } from './fake-connector.js';
import type { FakeReceiveHalf } from './fake-session.js';

async function accepted(): Promise<{ stream: WebTransportReceiveStream; half: FakeReceiveHalf }> {
  const { transport, session } = await connected();
  const half = session.incoming(false).receive;
  const { value: stream } = await transport.incomingUnidirectionalStreams.getReader().read();
  if (stream === undefined) throw new Error('no stream arrived');
  return { stream, half };
}

describe('reading', () => {
  it('brings Uint8Arrays with a buffer of their own, and the end', async () => {
    const { stream, half } = await accepted();
    const reader = stream.getReader();
    half.arrive('hello');
    const { value } = await reader.read();
    expect(value).toEqual(new Uint8Array(Buffer.from('hello')));
    expect(value?.buffer.byteLength).toBe(5);
    const last = reader.read();
    half.arrive('', true);
    expect(await last).toEqual({ done: true, value: undefined });
    await reader.closed;
    expect(half.stopCode).toBeUndefined();
  });

  it('brings large chunks in the buffer that they were read into', async () => {
    const { stream, half } = await accepted();
    half.arrive(Buffer.alloc(100_000, 1), true);
    const sizes: number[] = [];
    for await (const chunk of stream) sizes.push(chunk.byteLength);
    expect(sizes).toEqual([65_536, 34_464]);
  });

  it('asks for nothing that nobody waits for', async () => {
    const { stream, half } = await accepted();
    half.arrive('abc');
    await turn();
    expect(half.reads).toBe(0);
    const reader = stream.getReader();
    await reader.read();
    await turn();
    expect(half.reads).toBe(1);
    const pending = reader.read();
    expect(await isSettled(pending)).toBe(false);
    half.arrive('d');
    expect((await pending).value?.byteLength).toBe(1);
  });

  it('goes straight into the view of a BYOB reader', async () => {
    const { stream, half } = await accepted();
    const reader = stream.getReader({ mode: 'byob' });
    half.arrive('0123456789');
    const buffer = new ArrayBuffer(8);
    const { value } = await reader.read(new Uint8Array(buffer, 2, 4));
    expect(Buffer.from(value ?? []).toString()).toBe('0123');
    expect(value?.byteOffset).toBe(2);
    expect(half.unread).toBe(6);
    const rest = reader.read(new Uint8Array(16));
    half.arrive('', true);
    expect((await rest).value?.byteLength).toBe(6);
    const end = await reader.read(new Uint8Array(16));
    expect(end.done).toBe(true);
    expect(end.value?.byteLength).toBe(0);
  });

  it('goes on for the next reader when a BYOB reader has left', async () => {
    const { stream, half } = await accepted();
    const reader = stream.getReader({ mode: 'byob' });
    const left = rejection(reader.read(new Uint8Array(16)));
    await turn();
    reader.releaseLock();
    expect(await left).toBeInstanceOf(TypeError);
    half.arrive('abc', true);
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('abc');
  });

  it('works with Response and pipes', async () => {
    const { stream, half } = await accepted();
    half.arrive('some text', true);
    expect(await new Response(stream as unknown as ReadableStream).text()).toBe('some text');
    const other = await accepted();
    other.half.arrive('häh', true);
    const texts: string[] = [];
    for await (const text of other.stream.pipeThrough(new TextDecoderStream() as never)) texts.push(String(text));
    expect(texts.join('')).toBe('häh');
  });

  it('tells how far it is', async () => {
    const { stream } = await accepted();
    expect(await stream.getStats()).toEqual({ bytesReceived: 7, bytesRead: 3 });
  });
});

describe('a peer that resets', () => {
  it.each([[0], [0xffff_ffff], [undefined]])('ends the stream without a read (%s)', async (code) => {
    const { stream, half } = await accepted();
    const reader = stream.getReader();
    half.reset(code);
    const error = await rejection(reader.closed);
    expect(error).toBeInstanceOf(WebTransportError);
    expect(error).toMatchObject({ source: 'stream', streamErrorCode: code ?? null });
    expect(await rejection(reader.read())).toBe(error);
  });

  it('rejects the read that waits', async () => {
    const { stream, half } = await accepted();
    const reader = stream.getReader({ mode: 'byob' });
    const read = rejection(reader.read(new Uint8Array(10)));
    await turn();
    half.reset(9);
    expect(await read).toMatchObject({ streamErrorCode: 9 });
  });

  it('before the stream was taken is told to who takes it', async () => {
    const { transport, session } = await connected();
    const incoming = session.incoming(true);
    incoming.receive.reset(4);
    incoming.send.stop(5);
    const { value } = await transport.incomingBidirectionalStreams.getReader().read();
    expect(await rejection(value?.readable.getReader().closed ?? Promise.resolve())).toMatchObject({
      streamErrorCode: 4,
    });
    expect(await rejection(value?.writable.getWriter().closed ?? Promise.resolve())).toMatchObject({
      streamErrorCode: 5,
    });
  });
});

describe('cancelling', () => {
  it.each([
    [undefined, 0],
    [new Error('x'), 0],
    [new WebTransportError('', { streamErrorCode: 6 }), 6],
  ])('with %s stops with %i', async (reason, code) => {
    const { stream, half } = await accepted();
    const reader = stream.getReader();
    const read = reader.read();
    await turn();
    await reader.cancel(reason);
    expect(half.stopCode).toBe(code);
    expect(await read).toEqual({ done: true, value: undefined });
  });
});

describe('incoming streams', () => {
  it('wait in order, and come with both sides', async () => {
    const { transport, session } = await connected();
    const fakes = [session.incoming(true), session.incoming(true)];
    const reader = transport.incomingBidirectionalStreams.getReader();
    for (const fake of fakes) {
      const { value } = await reader.read();
      await value?.writable.getWriter().write(new Uint8Array([1]));
      expect(fake.send.written).toHaveLength(1);
      expect(value?.writable.sendOrder).toBe(0);
      expect(value?.writable.sendGroup).toBeNull();
    }
    const waiting = reader.read();
    expect(await isSettled(waiting)).toBe(false);
    session.incoming(true);
    expect((await waiting).done).toBe(false);
  });

  it('that nobody wants any more are refused', async () => {
    const { transport, session } = await connected();
    const held = session.incoming(true);
    await transport.incomingBidirectionalStreams.cancel();
    const late = session.incoming(true);
    for (const fake of [held, late]) {
      expect(fake.receive.stopCode).toBe(0);
      expect(fake.send.resetCode).toBe(0);
    }
    session.end({ kind: 'clean', closeCode: 0, reason: '', remote: true });
    await transport.closed;
  });

  it('that were reset before anybody took them do not pile up', async () => {
    const { transport, session } = await connected();
    for (let count = 0; count < 5000; count++) session.incoming(false).receive.reset(0);
    const alive = session.incoming(false).receive;
    alive.arrive('here', true);
    let dead = 0;
    for await (const stream of transport.incomingUnidirectionalStreams) {
      const text = await new Response(stream as unknown as ReadableStream).text().catch(() => undefined);
      if (text === 'here') break;
      dead++;
    }
    expect(dead).toBeLessThan(600);
  });
});
