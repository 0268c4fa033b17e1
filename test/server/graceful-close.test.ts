import { describe, expect, it } from 'vitest';
import { H3_ERROR } from '../../src/index.js';
import type { Http3ServerSession } from '../../src/server/index.js';
import type { ServerHttp3Stream } from '../../src/server/server-types.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { event, serve } from './support/served.js';

describe('server.close', () => {
  it('lets open requests finish, and takes no new connections', async () => {
    const held: ServerHttp3Stream[] = [];
    const { server, connect } = await serve({}, (stream) => {
      held.push(stream);
      if (held.length === 3) server.emit('held');
    });
    const session = connect();
    const all = event(server, 'held');
    const requests = [1, 2, 3].map(() => settle(session.request()));
    await all;
    const closed = event(server, 'close');
    server.close();
    expect(server.listening).toBe(false);
    await event(session, 'goaway');
    const refused = await fetchBytes(connect());
    expect(refused.error).toMatchObject({ code: 'ECONNREFUSED', safeToRetry: true });
    for (const stream of held) stream.end('complete');
    for (const { body, error } of await Promise.all(requests)) {
      expect([body.toString(), error]).toEqual(['complete', undefined]);
    }
    await closed;
    expect(server.address()).toBeNull();
  });

  it('ends idle sessions, and calls back once', async () => {
    const { server, connect } = await serve({}, (stream) => stream.end('x'));
    await fetchBytes(connect());
    const calls: unknown[] = [];
    await new Promise<void>((resolve) => {
      server.close((error) => {
        calls.push(error);
        resolve();
      });
    });
    expect(calls).toEqual([undefined]);
  });

  it('says so when the server does not listen, and lets it listen again', async () => {
    const { server } = await serve({}, (stream) => stream.end('x'));
    await new Promise((resolve) => server.close(resolve));
    const error = await new Promise((resolve) => server.close(resolve));
    expect(error).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(() => server.listen(0)).toThrow(expect.objectContaining({ code: 'ERR_SERVER_ALREADY_LISTEN' }));
  });

  it('under load: every request is answered, or says that it is safe to retry', async () => {
    const { server, connect } = await serve({}, (stream) => {
      setImmediate(() => {
        if (!stream.destroyed) stream.end('answer');
      });
    });
    const session = connect();
    await fetchBytes(session);
    const requests: Promise<Awaited<ReturnType<typeof settle>>>[] = [];
    let answered = 0;
    for (let round = 0; round < 40; round += 1) {
      for (let count = 0; count < 10; count += 1) requests.push(fetchBytes(session));
      if (round === 20) server.close();
      await new Promise(setImmediate);
    }
    for (const { body, error } of await Promise.all(requests)) {
      if (error === undefined) {
        expect(body.toString()).toBe('answer');
        answered += 1;
      } else expect(error.safeToRetry).toBe(true);
    }
    expect(answered).toBeGreaterThan(0);
  });
});

describe('session.close and session.destroy', () => {
  it('close ends one session in order; the server goes on', async () => {
    let served: Http3ServerSession | undefined;
    const { server, connect } = await serve({}, (stream) => stream.end('x'));
    server.on('session', (session) => {
      served = session;
    });
    const first = connect();
    await fetchBytes(first);
    const goaway = event(first, 'goaway');
    await new Promise<void>((resolve) => served?.close(resolve));
    await goaway;
    expect([served?.closed, served?.destroyed]).toEqual([true, true]);
    expect((await fetchBytes(connect())).body.toString()).toBe('x');
  });

  it('destroy tells the client the code, and the listeners the error', async () => {
    const log: unknown[] = [];
    const { server, connect } = await serve();
    server.on('sessionError', (error) => log.push(['sessionError', error.message]));
    server.on('disconnect', (_connection, end) => log.push(['disconnect', end.code, end.error?.message]));
    server.on('session', (session) => {
      session.on('error', (error: Error) => log.push(['error', error.message]));
      session.on('close', () => log.push(['close']));
      session.on('stream', (stream: ServerHttp3Stream, headers: { ':path': string }) => {
        if (headers[':path'] === '/') stream.end('x');
        else session.destroy(new Error('mine'), H3_ERROR.H3_EXCESSIVE_LOAD);
      });
    });
    const session = connect();
    await fetchBytes(session);
    const { error } = await fetchBytes(session, { ':path': '/end' });
    expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', errorName: 'H3_EXCESSIVE_LOAD' });
    expect(log).toEqual([
      ['error', 'mine'],
      ['sessionError', 'mine'],
      ['close'],
      ['disconnect', H3_ERROR.H3_EXCESSIVE_LOAD, 'mine'],
    ]);
  });
});
