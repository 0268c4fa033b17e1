import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../src/errors.js';
import { WebTransportError } from '../../../src/webtransport/index.js';
import { connected, connecting, isSettled, rejection, turn } from './fake-connector.js';

const FAILURE = new ConnectionError('ERR_HTTP3_CONNECTION_LOST', 'lost');

describe('before the session is ready', () => {
  it('is pending, and becomes ready with what the server answered', async () => {
    const { transport, connect } = connecting({ protocols: ['a', 'b'] });
    expect(transport.reliability).toBe('pending');
    expect(transport.protocol).toBe('');
    expect(transport.responseHeaders).toBeNull();
    expect(await isSettled(transport.ready)).toBe(false);
    connect.accept('b', [':status', '200', 'x-a', '1', 'x-a', '2', 'wt-protocol', '"b"']);
    await expect(transport.ready).resolves.toBeUndefined();
    expect(transport.reliability).toBe('supports-unreliable');
    expect(transport.protocol).toBe('b');
    expect([...(transport.responseHeaders ?? [])]).toEqual([['x-a', '1, 2']]);
    expect(() => transport.responseHeaders?.set('x-b', '1')).toThrow(TypeError);
    expect(transport.responseHeaders).toBe(transport.responseHeaders);
    expect(await isSettled(transport.closed)).toBe(false);
    expect(await isSettled(transport.draining)).toBe(false);
  });

  it('fails with one error object for all', async () => {
    const { transport, connect } = connecting();
    const bidirectional = rejection(transport.createBidirectionalStream());
    const unidirectional = rejection(transport.createUnidirectionalStream());
    const stats = rejection(transport.getStats());
    const keys = rejection(transport.exportKeyingMaterial(new Uint8Array(1), new Uint8Array(0), 16));
    const incoming = rejection(transport.incomingBidirectionalStreams.getReader().read());
    const datagram = rejection(transport.datagrams.readable.getReader().read());
    const writable = transport.datagrams.createWritable().getWriter();
    const cause = new ConnectionError('ECONNREFUSED', 'refused');
    connect.fail(cause);
    const error = await rejection(transport.ready);
    expect(error).toBeInstanceOf(WebTransportError);
    expect(error).toMatchObject({ source: 'session', streamErrorCode: null, cause });
    expect(await rejection(transport.closed)).toBe(error);
    expect(await incoming).toBe(error);
    expect(await datagram).toBe(error);
    expect(await rejection(writable.closed)).toBe(error);
    for (const late of [bidirectional, unidirectional, stats, keys]) {
      expect(await late).toMatchObject({ name: 'InvalidStateError', code: 11 });
    }
    expect(await rejection(transport.createUnidirectionalStream())).toMatchObject({ name: 'InvalidStateError' });
    expect(await rejection(transport.getStats())).toMatchObject({ name: 'InvalidStateError' });
    expect(() => transport.createSendGroup()).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    expect(() => transport.datagrams.createWritable()).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    expect(await isSettled(transport.draining)).toBe(false);
    transport.close();
  });

  it('close() fails it, and gives the session up', async () => {
    const { transport, connect } = connecting();
    transport.close({ closeCode: 5, reason: 'why' });
    expect(connect.abandoned).toEqual([[5, 'why']]);
    const error = await rejection(transport.ready);
    expect(error).toMatchObject({ name: 'WebTransportError', source: 'session', streamErrorCode: null });
    expect(await rejection(transport.closed)).toBe(error);
    transport.close();
    expect(connect.abandoned).toHaveLength(1);
  });

  it('nobody has to look at the failure', async () => {
    const { connect } = connecting();
    connect.fail(FAILURE);
    await turn();
    connecting().transport.close();
    await turn();
  });
});

describe('closing', () => {
  it('by this end resolves with the info as it was given', async () => {
    const { transport, session } = await connected();
    const stream = await transport.createBidirectionalStream();
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    const read = rejection(reader.read());
    const incoming = transport.incomingUnidirectionalStreams.getReader().read();
    const datagrams = transport.datagrams.readable.getReader().read();
    const datagramWriter = transport.datagrams.writable.getWriter();
    const reason = 'é'.repeat(600);
    transport.close({ closeCode: 2 ** 32 + 7, reason });
    expect(session.closes).toEqual([[7, reason]]);
    expect(await transport.closed).toEqual({ closeCode: 7, reason });
    const error = await rejection(writer.closed);
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(await rejection(reader.closed)).toBe(error);
    expect(await read).toBe(error);
    expect(await incoming).toEqual({ done: true, value: undefined });
    expect(await datagrams).toMatchObject({ done: true });
    await expect(datagramWriter.closed).resolves.toBeUndefined();
    transport.close({ closeCode: 9 });
    expect(session.closes).toHaveLength(1);
    expect(await rejection(transport.createBidirectionalStream())).toMatchObject({ name: 'InvalidStateError' });
    expect((await transport.getStats()).smoothedRtt).toBe(3);
    session.end({ kind: 'clean', closeCode: 7, reason, remote: false });
    await turn();
  });

  it('by the peer resolves with its code and reason', async () => {
    const { transport, session } = await connected();
    const stream = await transport.createUnidirectionalStream();
    const incoming = session.incoming(false);
    const { value: readable } = await transport.incomingUnidirectionalStreams.getReader().read();
    session.end({ kind: 'clean', closeCode: 32, reason: 'abc', remote: true });
    expect(await transport.closed).toEqual({ closeCode: 32, reason: 'abc' });
    const error = await rejection(stream.getWriter().closed);
    expect(error).toBeInstanceOf(WebTransportError);
    expect(error).toMatchObject({ source: 'session', streamErrorCode: null });
    expect(await rejection((readable ?? transport.incomingUnidirectionalStreams).getReader().closed)).toBe(error);
    expect(incoming.receive.stopCode).toBeUndefined();
    expect((await transport.getStats()).packetsSent).toBe(10);
    expect(session.closes).toEqual([]);
  });

  it('abruptly rejects everything with one error', async () => {
    const { transport, session } = await connected();
    const stream = await transport.createBidirectionalStream();
    const writer = stream.writable.getWriter();
    const [fake] = session.streams;
    if (fake !== undefined) fake.send.open = false;
    const write = rejection(writer.write(new Uint8Array(10)));
    const queued = rejection(writer.write(new Uint8Array(10)));
    const other = await transport.createUnidirectionalStream();
    const closing = rejection(other.close());
    const reader = stream.readable.getReader();
    session.end({ kind: 'failed', error: FAILURE });
    const error = await rejection(transport.closed);
    expect(error).toMatchObject({ name: 'WebTransportError', source: 'session', cause: FAILURE });
    for (const failed of [write, queued, closing]) expect(await failed).toBe(error);
    expect(await rejection(writer.closed)).toBe(error);
    expect(await rejection(reader.closed)).toBe(error);
    await expect(transport.ready).resolves.toBeUndefined();
    for (let again = 0; again < 2; again++) {
      expect(await rejection(transport.getStats())).toMatchObject({ name: 'InvalidStateError' });
    }
  });

  it('in the flight of the answer fails the streams that were asked for before', async () => {
    const { transport, connect } = connecting();
    const stream = rejection(transport.createBidirectionalStream());
    connect.accept();
    connect.session.end({ kind: 'clean', closeCode: 0, reason: '', remote: true });
    expect(await stream).toMatchObject({ name: 'InvalidStateError', code: 11 });
    expect(connect.session.requests).toHaveLength(0);
    await expect(transport.ready).resolves.toBeUndefined();
    expect(await transport.closed).toEqual({ closeCode: 0, reason: '' });
  });
});

describe('a connected session', () => {
  it('drains', async () => {
    const { transport, session } = await connected();
    session.listener?.onDraining();
    await expect(transport.draining).resolves.toBeUndefined();
    await expect(transport.createUnidirectionalStream()).resolves.toBeDefined();
    transport.close();
    expect(await transport.closed).toEqual({ closeCode: 0, reason: '' });
  });

  it('opens what was asked for before it was ready, with its options', async () => {
    const { transport, connect } = connecting();
    connect.session.answersOpens = false;
    const group = transport.createSendGroup();
    const stream = transport.createUnidirectionalStream({ sendGroup: group, sendOrder: -3, waitUntilAvailable: true });
    expect(connect.session.requests).toHaveLength(0);
    connect.accept();
    await transport.ready;
    await turn();
    expect(connect.session.requests[0]?.options).toEqual({ waitUntilAvailable: true, sendGroup: 1, sendOrder: -3 });
    connect.session.answer();
    expect((await stream).sendGroup).toBe(group);
    expect((await stream).sendOrder).toBe(-3);
  });

  it('tells that the peer allows no more streams', async () => {
    const { transport, session } = await connected();
    session.answersOpens = false;
    const limited = rejection(transport.createBidirectionalStream());
    session.answer('limit');
    expect(await limited).toMatchObject({ name: 'QuotaExceededError' });
    const late = rejection(transport.createBidirectionalStream({ waitUntilAvailable: true }));
    transport.close();
    expect(await late).toMatchObject({ name: 'InvalidStateError' });
    expect(session.requests[0]?.givenUp).toBe(true);
  });

  it('refuses a send group of another transport', async () => {
    const { transport } = await connected();
    const other = await connected();
    const sendGroup = other.transport.createSendGroup();
    expect(await rejection(transport.createBidirectionalStream({ sendGroup }))).toBeInstanceOf(TypeError);
    expect(() => transport.datagrams.createWritable({ sendGroup })).toThrow(TypeError);
    const stream = await transport.createUnidirectionalStream();
    expect(() => {
      stream.sendGroup = sendGroup;
    }).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
  });

  it('exports keys', async () => {
    const { transport, session } = await connected();
    const keys = await transport.exportKeyingMaterial(Buffer.from('label'), new ArrayBuffer(3), 32);
    expect(keys).toEqual(new Uint8Array(32).fill(7));
    expect(session.exported[0]?.[2]).toBe(32);
    const none = new Uint8Array(0);
    expect(await rejection(transport.exportKeyingMaterial(new Uint8Array(256), none, 32))).toBeInstanceOf(RangeError);
    expect(await rejection(transport.exportKeyingMaterial(none, new Uint8Array(256), 32))).toBeInstanceOf(RangeError);
    expect(await rejection(transport.exportKeyingMaterial(none, none, 0))).toBeInstanceOf(RangeError);
    expect(await rejection(transport.exportKeyingMaterial(none, none, 4097))).toBeInstanceOf(RangeError);
    transport.close();
    expect(await rejection(transport.exportKeyingMaterial(none, none, 8))).toMatchObject({ name: 'InvalidStateError' });
  });

  it('tells what is known of the connection', async () => {
    const { transport } = await connected();
    const [first, second] = [transport.getStats(), transport.getStats()];
    expect(first).not.toBe(second);
    const stats = await first;
    expect(stats).toMatchObject({ smoothedRtt: 3, rttVariation: 1, packetsLost: 1, bytesReceived: 1000 });
    expect(stats.datagrams).toEqual({ droppedIncoming: 0, expiredIncoming: 0, expiredOutgoing: 0, lostOutgoing: 2 });
    expect(stats).toMatchObject({ bytesLost: 1200, minRtt: 2, estimatedSendRate: 8000, atSendCapacity: false });
    expect(stats).not.toHaveProperty('bytesSent');
  });
});
