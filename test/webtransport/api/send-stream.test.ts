import { WritableStreamDefaultWriter } from 'node:stream/web';
import { describe, expect, it } from 'vitest';
import { WebTransportError, type WebTransportSendStream } from '../../../src/webtransport/index.js';
import { connected, isSettled, rejection, turn } from './fake-connector.js';
import type { FakeSendHalf, FakeSession } from './fake-session.js';

async function opened(): Promise<{ stream: WebTransportSendStream; half: FakeSendHalf; session: FakeSession }> {
  const { transport, session } = await connected();
  const stream = await transport.createUnidirectionalStream();
  const half = session.streams[0]?.send;
  if (half === undefined) throw new Error('no stream was opened');
  return { stream, half, session };
}

describe('writing', () => {
  it('gives the bytes on as they are, of any BufferSource', async () => {
    const { stream, half } = await opened();
    const writer = stream.getWriter();
    const chunk = new Uint8Array([1, 2, 3]);
    await writer.write(chunk);
    await writer.write(new Uint16Array([0x0504]));
    await writer.write(new DataView(new Uint8Array([6, 7, 8]).buffer, 1, 1));
    await writer.write(new Uint8Array([9]).buffer);
    await writer.write(new Uint8Array(0));
    expect(half.chunks[0]?.buffer).toBe(chunk.buffer);
    expect(Buffer.concat(half.written)).toEqual(Buffer.from([1, 2, 3, 4, 5, 7, 9]));
    expect(half.written).toHaveLength(4);
  });

  it('waits until the bytes are taken', async () => {
    const { stream, half } = await opened();
    half.open = false;
    const writer = stream.getWriter();
    const write = writer.write(new Uint8Array(10));
    expect(await isSettled(writer.ready)).toBe(false);
    expect(await isSettled(write)).toBe(false);
    half.take();
    await write;
    await writer.ready;
    expect(await stream.getStats()).toEqual({ bytesWritten: 10, bytesSent: 10, bytesAcknowledged: 0 });
  });

  it.each([['text'], [undefined], [12], [new Uint8Array(new SharedArrayBuffer(1))]])('refuses %s', async (bad) => {
    const { stream, half } = await opened();
    const writer = stream.getWriter();
    const error = await rejection(writer.write(bad as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(await rejection(writer.write(new Uint8Array(0)))).toBe(error);
    expect(await rejection(writer.closed)).toBe(error);
    expect(half.resetCode).toBe(0);
  });

  it('takes text through an encoder', async () => {
    const { stream, half } = await opened();
    const encoder = new TextEncoderStream();
    const piped = encoder.readable.pipeTo(stream as unknown as WritableStream);
    const writer = encoder.writable.getWriter();
    await writer.write('häh');
    const closing = writer.close();
    await turn();
    half.acknowledge();
    await Promise.all([closing, piped]);
    expect(Buffer.concat(half.written).toString()).toBe('häh');
  });
});

describe('closing', () => {
  it('is over when the peer has acknowledged everything', async () => {
    const { stream, half } = await opened();
    const writer = stream.getWriter();
    await writer.write(new Uint8Array(4));
    const closing = writer.close();
    expect(await isSettled(closing)).toBe(false);
    expect(half.ended).toBe(true);
    half.acknowledge();
    await closing;
    await writer.closed;
    expect(half.resetCode).toBeUndefined();
    expect(await stream.getStats()).toEqual({ bytesWritten: 4, bytesSent: 4, bytesAcknowledged: 4 });
  });

  it('is broken off by an abort', async () => {
    const { stream, half } = await opened();
    const writer = stream.getWriter();
    await writer.write(new Uint8Array(65_536));
    const reason = new WebTransportError('', { streamErrorCode: 34 });
    const closing = rejection(writer.close());
    const aborting = rejection(writer.abort(reason));
    expect(await closing).toBe(reason);
    expect(await aborting).toBe(reason);
    expect(await rejection(writer.closed)).toBe(reason);
    expect(half.resetCode).toBe(34);
  });
});

describe('aborting', () => {
  it.each([
    [undefined, 0],
    [new Error('x'), 0],
    [77, 0],
    [new WebTransportError(''), 0],
    [new WebTransportError('', { source: 'session', streamErrorCode: 5 }), 5],
    [new WebTransportError('', { streamErrorCode: 2 ** 40 }), 0xffff_ffff],
  ])('with %s resets with %i', async (reason, code) => {
    const { stream, half } = await opened();
    const writer = stream.getWriter();
    await writer.abort(reason);
    expect(half.resetCode).toBe(code);
    expect(half.committed).toBe(0);
    expect(await rejection(writer.closed)).toBe(reason);
    expect(await stream.getStats()).toEqual({ bytesWritten: 0 });
  });

  it('breaks off the write that is under way, and those behind it', async () => {
    const { stream, half } = await opened();
    half.open = false;
    const writer = stream.getWriter();
    const writes = [writer.write(new Uint8Array(1)), writer.write(new Uint8Array(1))].map(rejection);
    const closing = rejection(writer.close());
    await turn();
    const reason = new WebTransportError('', { streamErrorCode: 1 });
    await writer.abort(reason);
    for (const rejected of [...writes, closing]) expect(await rejected).toBe(reason);
    expect(half.resetCode).toBe(1);
  });

  it("breaks off the write of a writer that is not the API's own", async () => {
    const { stream, half } = await opened();
    half.open = false;
    const writer = new WritableStreamDefaultWriter(stream);
    const writing = rejection(writer.write(new Uint8Array(1)));
    await turn();
    const reason = new WebTransportError('', { streamErrorCode: 2 });
    await writer.abort(reason);
    expect(await writing).toBe(reason);
    expect(half.resetCode).toBe(2);
  });

  it('breaks off the write of a writer that has gone', async () => {
    const { stream, half } = await opened();
    half.open = false;
    const writer = stream.getWriter();
    const writing = rejection(writer.write(new Uint8Array(1)));
    await turn();
    writer.releaseLock();
    const reason = new WebTransportError('', { streamErrorCode: 3 });
    expect(await rejection(writer.abort(reason))).toBeInstanceOf(TypeError);
    expect(half.resetCode).toBeUndefined();
    await stream.abort(reason);
    expect(await writing).toBe(reason);
    expect(half.resetCode).toBe(3);
  });

  it('is the business of the writer that has the lock alone', async () => {
    const { stream, half } = await opened();
    half.open = false;
    const former = stream.getWriter();
    former.releaseLock();
    const writer = stream.getWriter();
    former.releaseLock();
    const writing = rejection(writer.write(new Uint8Array(1)));
    await turn();
    expect(await rejection(former.abort())).toBeInstanceOf(TypeError);
    expect(half.resetCode).toBeUndefined();
    await writer.abort();
    expect(await writing).toMatchObject({ name: 'AbortError' });
    expect(half.resetCode).toBe(0);
  });

  it("breaks off a close that nobody's writer has asked for", async () => {
    const { stream, half } = await opened();
    const closing = rejection(stream.close());
    await turn();
    expect(half.ended).toBe(true);
    const reason = new WebTransportError('', { streamErrorCode: 4 });
    const aborting = rejection(stream.abort(reason));
    expect(await closing).toBe(reason);
    await aborting;
    expect(half.resetCode).toBe(4);
  });

  it('leaves what was committed', async () => {
    const { stream, half } = await opened();
    const writer = stream.getWriter();
    await writer.write(new Uint8Array(10));
    expect(writer.commit()).toBeUndefined();
    await writer.write(new Uint8Array(20));
    await writer.abort();
    expect(half.committed).toBe(10);
  });
});

describe('a peer that stops reading', () => {
  it.each([[0xffff_ffff], [0], [undefined]])('ends the stream with its code (%s)', async (code) => {
    const { stream, half } = await opened();
    half.open = false;
    const writer = stream.getWriter();
    const writing = rejection(writer.write(new Uint8Array(1)));
    await turn();
    half.stop(code);
    const error = await rejection(writer.closed);
    expect(error).toBeInstanceOf(WebTransportError);
    expect(error).toMatchObject({ source: 'stream', streamErrorCode: code ?? null });
    expect(await writing).toBe(error);
    expect(await rejection(writer.write(new Uint8Array(1)))).toBe(error);
    await writer.abort();
    expect(half.resetCode).toBeUndefined();
  });

  it('ends a close that waits for the acknowledgement', async () => {
    const { stream, half } = await opened();
    const closing = rejection(stream.close());
    await turn();
    half.stop(3);
    expect(await closing).toMatchObject({ source: 'stream', streamErrorCode: 3 });
  });
});

describe('atomic writes', () => {
  it('are writes', async () => {
    const { stream, half } = await opened();
    expect(await stream.getWriter().atomicWrite(new Uint8Array([5]))).toBeUndefined();
    expect(Buffer.concat(half.written)).toEqual(Buffer.from([5]));
  });

  it('that do not fit fail, with those behind them, and the stream remains', async () => {
    const { stream, half } = await opened();
    half.credit = 10;
    const writer = stream.getWriter();
    const first = rejection(writer.atomicWrite(new Uint8Array(11)));
    const second = rejection(writer.atomicWrite(new Uint8Array(1)));
    expect(await first).toMatchObject({ name: 'AbortError', code: 20 });
    expect(await second).toBe(await first);
    await writer.write(new Uint8Array([3]));
    await writer.atomicWrite(new Uint8Array([4]));
    expect(Buffer.concat(half.written)).toEqual(Buffer.from([3, 4]));
    expect(half.resetCode).toBeUndefined();
  });

  it('end the stream if ordinary writes are behind them', async () => {
    const { stream, half } = await opened();
    half.credit = 0;
    const writer = stream.getWriter();
    const atomic = rejection(writer.atomicWrite(new Uint8Array(11)));
    const ordinary = rejection(writer.write(new Uint8Array(1)));
    const error = await ordinary;
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(await atomic).toBe(error);
    expect(await rejection(writer.closed)).toBe(error);
    expect(half.resetCode).toBe(0);
  });

  it('refuse what is no BufferSource', async () => {
    const { stream } = await opened();
    expect(await rejection(stream.getWriter().atomicWrite('text' as never))).toBeInstanceOf(TypeError);
  });
});

describe('order and groups', () => {
  it('follow the attributes', async () => {
    const { transport, session } = await connected();
    const group = transport.createSendGroup();
    const stream = await transport.createUnidirectionalStream();
    const half = session.streams[0]?.send;
    stream.sendOrder = 5.7;
    stream.sendGroup = group;
    stream.sendGroup = null;
    expect(stream.sendOrder).toBe(5);
    expect(half?.priorities).toEqual([
      [0, 5],
      [1, 5],
      [0, 5],
    ]);
    expect(() => {
      stream.sendGroup = {} as never;
    }).toThrow(TypeError);
  });

  it('statistics of a group are those of its streams, also when they are over', async () => {
    const { transport, session } = await connected();
    const sendGroup = transport.createSendGroup();
    for (const length of [3, 4, 5]) {
      const stream = await transport.createUnidirectionalStream({ sendGroup });
      await stream.getWriter().write(new Uint8Array(length));
    }
    const [first, second] = session.streams;
    const closing = (await transport.createUnidirectionalStream({ sendGroup })).close();
    await turn();
    session.streams[3]?.send.acknowledge();
    await closing;
    second?.send.stop(1);
    await turn();
    first?.send.stop(1);
    expect((await sendGroup.getStats()).bytesWritten).toBe(12);
  });
});

describe('a write after the close', () => {
  it('rejects, whether the close is under way or over', async () => {
    const { stream, half } = await opened();
    const writer = stream.getWriter();
    const closing = writer.close();
    await turn();
    expect(await rejection(writer.write(new Uint8Array(1)))).toBeInstanceOf(TypeError);
    expect(await rejection(writer.atomicWrite(new Uint8Array(1)))).toBeInstanceOf(TypeError);
    half.acknowledge();
    await closing;
    expect(await rejection(writer.write(new Uint8Array(1)))).toBeInstanceOf(TypeError);
  });
});
