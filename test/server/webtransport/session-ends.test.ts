import { describe, expect, it, vi } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { ServerEventKind } from '../../../src/native-server.js';
import type { WebTransportServerSession } from '../../../src/server/index.js';
import { closeCapsule, ScriptedClient } from './support/scripted-client.js';

const { H3_NO_ERROR, H3_REQUEST_CANCELLED, H3_INTERNAL_ERROR, H3_FRAME_UNEXPECTED } = H3_ERROR;
const SESSION_GONE = 0x170d7b68;
/** DRAIN_WEBTRANSPORT_SESSION: type 0x78ae in 4 bytes, length 0. */
const DRAIN = Buffer.from('800078ae00', 'hex').toString('latin1');
const latin1 = (bytes: Buffer) => bytes.toString('latin1');

/** A client with an accepted session on stream 0. */
function opened(options = {}): { client: ScriptedClient; session: WebTransportServerSession } {
  const client = new ScriptedClient(options).listen().settings();
  client.connect(0);
  const session = client.requests[0]?.accept();
  if (session === undefined) throw new Error('no request');
  client.calls();
  return { client, session };
}

/** What is left of WebTransport. */
const left = ({ server }: ScriptedClient) => [server.sessions[0]?.openStreams, server.webTransport?.stats().sessions];

describe('a session that the server closes', () => {
  it('at once goes in one call with its answer', async () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0);
    const session = client.requests[0]?.accept();
    session?.close({ closeCode: 7, reason: 'so' });
    expect(client.calls()).toEqual([`respond 0 :status 200|${latin1(closeCapsule(7, 'so'))} fin`, 'keep alive 0 true']);
    expect(await session?.closed).toEqual({ closeCode: 7, reason: 'so' });
    expect(left(client)).toEqual([1, 0]);
    client.control(0, Buffer.alloc(0), true);
    expect(left(client)).toEqual([0, 0]);
  });

  it('waits for flow control, and then for the end of the client', () => {
    const { client, session } = opened();
    client.server.engine.window = 3;
    session.close({ closeCode: 1, reason: 'x' });
    const capsule = latin1(closeCapsule(1, 'x'));
    expect(client.calls()).toEqual([`send 0 ${capsule.slice(0, 3)}`]);
    client.server.engine.window = 100;
    client.event({ kind: ServerEventKind.DATA_WRITABLE, streamId: 0 });
    expect(client.calls()).toEqual([`send 0 ${capsule.slice(3)} fin`]);
    expect(left(client)).toEqual([1, 0]);
    client.event({ kind: ServerEventKind.STOP_SENDING, streamId: 0, number: SESSION_GONE });
    client.event({ kind: ServerEventKind.RESET, streamId: 0, number: SESSION_GONE });
    expect(left(client)).toEqual([0, 0]);
    expect(client.calls()).toEqual([]);
  });

  it('is forgotten when the client does not end its half in time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { client, session } = opened();
      session.close();
      client.calls();
      expect(left(client)).toEqual([1, 0]);
      vi.advanceTimersByTime(10_000);
      expect(client.calls()).toEqual([`stop 0 ${H3_NO_ERROR}`]);
      expect(left(client)).toEqual([0, 0]);
      client.connect(4);
      expect(client.requests).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a session that the client ends', () => {
  it('with CLOSE, in any pieces, is closed with its code and reason', async () => {
    const { client, session } = opened();
    for (const byte of closeCapsule(0xffffffff, 'bye')) client.control(0, Buffer.of(byte));
    client.control(0, Buffer.alloc(0), true);
    expect(await session.closed).toEqual({ closeCode: 0xffffffff, reason: 'bye' });
    expect(client.calls()).toEqual(['end 0']);
    expect(left(client)).toEqual([0, 0]);
  });

  it('with FIN alone is closed with code 0', async () => {
    const { client, session } = opened();
    client.control(0, Buffer.alloc(0), true);
    expect(await session.closed).toEqual({ closeCode: 0, reason: '' });
    expect(client.calls()).toEqual(['end 0']);
    expect(left(client)).toEqual([0, 0]);
  });

  it('with the request itself is open for a moment', async () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0, {}, true);
    const session = client.requests[0]?.accept();
    expect(client.calls()).toEqual(['respond 0 :status 200|', 'keep alive 0 true', 'end 0']);
    expect(await session?.closed).toEqual({ closeCode: 0, reason: '' });
    expect(left(client)).toEqual([0, 0]);
  });

  it('with CLOSE before it was accepted is closed when it is accepted', async () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0);
    client.control(0, closeCapsule(3, 'early'), true);
    expect(left(client)).toEqual([1, 0]);
    const session = client.requests[0]?.accept();
    client.server.engine.fin = true;
    client.calls();
    expect(await session?.closed).toEqual({ closeCode: 3, reason: 'early' });
    expect(left(client)).toEqual([0, 0]);
  });

  it('with a reset fails', async () => {
    const { client, session } = opened();
    client.event({ kind: ServerEventKind.RESET, streamId: 0, number: H3_REQUEST_CANCELLED });
    await expect(session.closed).rejects.toMatchObject({ source: 'session' });
    expect(client.calls()).toEqual([`reset 0 ${SESSION_GONE}`]);
    expect(left(client)).toEqual([0, 0]);
  });

  it('with CLOSE, STOP_SENDING and a reset in one flight is closed as CLOSE says', async () => {
    const { client, session } = opened();
    client.server.engine.body = closeCapsule(5, 'all');
    client.event(
      { kind: ServerEventKind.STOP_SENDING, streamId: 0, number: SESSION_GONE },
      { kind: ServerEventKind.RESET, streamId: 0, number: SESSION_GONE },
    );
    expect(await session.closed).toEqual({ closeCode: 5, reason: 'all' });
    expect(left(client)).toEqual([0, 0]);
  });

  it('as the server does, at once, has the code of each side', async () => {
    const { client, session } = opened();
    session.close({ closeCode: 1, reason: 'ours' });
    client.control(0, closeCapsule(2, 'theirs'), true);
    expect(await session.closed).toEqual({ closeCode: 1, reason: 'ours' });
    client.calls();
    expect(left(client)).toEqual([0, 0]);
  });
});

describe('a connection with a session', () => {
  it('that the server closes asks for the end of the session, and waits for it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { client } = opened();
      client.event({ kind: ServerEventKind.STATE_CHANGE, flags: 2 });
      client.calls();
      client.server.sessions[0]?.close();
      expect(client.calls()).toEqual(['goaway', `send 0 ${DRAIN}`]);
      vi.advanceTimersByTime(5000);
      expect(client.calls()).toEqual(['goaway final']);
      client.control(0, closeCapsule(0, ''), true);
      expect(client.calls()).toEqual(['end 0', `close when sent ${H3_NO_ERROR}`]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that is destroyed ends it at once', async () => {
    const { client, session } = opened();
    client.server.sessions[0]?.destroy();
    await expect(session.closed).rejects.toMatchObject({ source: 'session' });
    expect(left(client)).toEqual([0, 0]);
    client.event({ kind: ServerEventKind.DATAGRAM, streamId: 0, text: 'late' });
  });

  it('has the stream reset when the listener throws after accepting', async () => {
    const nextTick = vi.spyOn(process, 'nextTick').mockImplementation(() => {});
    const client = new ScriptedClient().settings();
    const sessions: WebTransportServerSession[] = [];
    client.server.on('webtransport', (request) => {
      sessions.push(request.accept());
      throw new Error('of the listener');
    });
    client.connect(0);
    nextTick.mockRestore();
    await expect(sessions[0]?.closed).rejects.toMatchObject({ source: 'session' });
    expect(client.calls()).toEqual([`reset 0 ${H3_INTERNAL_ERROR}`, `stop 0 ${H3_INTERNAL_ERROR}`]);
    expect(left(client)).toEqual([0, 0]);
  });

  it('ends when trailers follow the CONNECT request (RFC 9114 4.4)', async () => {
    const { client, session } = opened();
    client.event({ kind: ServerEventKind.TRAILERS, streamId: 0, fields: ['x', 'y'] });
    await expect(session.closed).rejects.toMatchObject({ source: 'session' });
    expect(client.calls()).toContain(`refuse 0`);
    expect(client.server.sessions[0]?.destroyed).toBe(true);
    expect(H3_FRAME_UNEXPECTED).toBe(0x105);
  });

  it("has no 'timeout' while the session is open", async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    try {
      const { client, session } = opened();
      const [connection] = client.server.sessions;
      const onTimeout = vi.fn();
      connection?.on('timeout', onTimeout).setTimeout(1000);
      vi.advanceTimersByTime(5000);
      expect(onTimeout).not.toHaveBeenCalled();
      session.close();
      client.control(0, Buffer.alloc(0), true);
      client.calls();
      vi.advanceTimersByTime(5000);
      expect(onTimeout).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });
});
