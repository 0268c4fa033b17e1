import { describe, expect, it } from 'vitest';
import { H3_ERROR } from '../../src/index.js';
import type { Connection, ConnectionEnd } from '../../src/server/server-types.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';
import { event, serve } from './support/served.js';

describe('connections of a server', () => {
  it.each(['socketpair', 'session'] as const)('connect and disconnect exactly once each (%s)', async (mode) => {
    const opened: Connection[] = [];
    const ended: [Connection, ConnectionEnd][] = [];
    const { server, connect } = await serve({ virtualFds: { mode } }, (stream) => stream.end('x'));
    server.on('connect', (connection) => opened.push(connection));
    server.on('disconnect', (connection, end) => ended.push([connection, end]));
    for (let count = 0; count < 5; count += 1) {
      const session = connect();
      await fetchBytes(session);
      await session.close();
    }
    await waitUntil('all to be closed', () => ended.length === 5);
    expect(opened).toHaveLength(5);
    expect(ended.map(([connection]) => connection)).toEqual(opened);
    expect(ended.map(([, end]) => end)).toEqual(opened.map(() => ({ code: H3_ERROR.H3_NO_ERROR, error: undefined })));
    expect(new Set(opened.map(({ sessionId }) => sessionId)).size).toBe(5);
    expect(server.stats()).toMatchObject({ mode, connections: 0, opened: 5 });
  });

  it('are found by fd and by session id, with their facts', async () => {
    const { server, port, connect } = await serve({}, (stream) => stream.end('x'));
    const session = connect();
    await fetchBytes(session);
    const [connection] = [...server.connections];
    expect(connection).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: session.connection?.localPort,
      localAddress: '127.0.0.1',
      localPort: port,
      streams: 1,
      openStreams: 0,
      tls: { serverName: '', alpn: 'h3', cipher: 'TLS_AES_128_GCM_SHA256', resumed: false, earlyData: false },
    });
    expect(server.connectionByFd(connection?.fd ?? -1)).toBe(connection);
    expect(server.connectionById(connection?.sessionId ?? 0n)).toBe(connection);
    expect(await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(1);
  });

  it('end when their socket is destroyed', async () => {
    const { server, connect } = await serve({}, (stream) => stream.session?.socket?.destroy());
    const { error } = await fetchBytes(connect());
    expect(error?.code).toBe('UND_ERR_SOCKET');
    await waitUntil('the end', () => [...server.connections].length === 0);
  });

  it('beyond maxConnections are refused, told to drop, and taken again later', async () => {
    const { server, connect } = await serve({ maxConnections: 1, maxQueuedConnections: 0 }, (stream) =>
      stream.end('x'),
    );
    const first = connect();
    await fetchBytes(first);
    const refused = await fetchBytes(connect());
    expect(refused.error).toMatchObject({ code: 'ECONNREFUSED', safeToRetry: true });
    await first.close();
    await waitUntil('room', () => server.stats()?.engine?.connections === 0);
    expect((await fetchBytes(connect())).body.toString()).toBe('x');
    server.maxConnections = 2;
    expect(await fetchBytes(connect())).toMatchObject({ bytes: 1, error: undefined });
  });

  it('without activity time out: timeout, and the end if nobody listens', async () => {
    const { server, connect } = await serve({ timeout: 50 }, (stream) => stream.respond());
    const ended = event(server, 'disconnect');
    const { error } = await fetchBytes(connect());
    expect(error?.code).toBe('UND_ERR_SOCKET');
    await ended;
    const heard = event(server, 'timeout');
    const again = settle(connect().request());
    const [session] = await heard;
    expect(session).toMatchObject({ destroyed: false });
    server.closeAllConnections();
    await again;
  });
});

describe('times of requests', () => {
  it('a request that does not end in time is answered with 408', async () => {
    const { connect } = await serve({ requestTimeout: 50 }, (stream) => stream.resume());
    const request = connect().request({ ':method': 'POST' });
    const settled = settle(request);
    request.write('goes on');
    request.on('response', () => request.end());
    const { headers, error } = await settled;
    expect([headers?.[':status'], error]).toEqual([408, undefined]);
  });

  it('a stream without activity emits timeout', async () => {
    const { connect } = await serve({}, (stream) => stream.setTimeout(20, () => stream.end('late')));
    expect((await fetchBytes(connect())).body.toString()).toBe('late');
  });
});
