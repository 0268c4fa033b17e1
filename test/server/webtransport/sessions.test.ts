/** The server's WebTransport with our own client, over the network. */
import { describe, expect, it } from 'vitest';
import type { WebTransportRequest, WebTransportServerSession } from '../../../src/server/index.js';
import { fetchBytes } from '../../support/settlement.js';
import { bytesOf, failureOf, openTransport, serveTransports } from '../../webtransport/client/support/opened.js';
import { event, serve } from '../support/served.js';

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const ignoreEnd = (session: WebTransportServerSession) => void session.closed.catch(() => undefined);

/** Sends every bidirectional stream back. */
async function echo(session: WebTransportServerSession): Promise<void> {
  ignoreEnd(session);
  for await (const { readable, writable } of session.incomingBidirectionalStreams) {
    readable.pipeTo(writable).catch(() => undefined);
  }
}

/** Sends on a new stream, and gives what comes back. */
async function exchange(transport: WebTransportServerSession | ReturnType<typeof openTransport>, message: string) {
  const { readable, writable } = await transport.createBidirectionalStream();
  const writer = writable.getWriter();
  await writer.write(Buffer.from(message));
  await writer.close();
  return text(await bytesOf(readable));
}

describe('a session', () => {
  it('exchanges streams and datagrams both ways', async () => {
    let accepted: WebTransportServerSession | undefined;
    const { open, server } = await serveTransports((request) => {
      accepted = request.accept();
      void echo(accepted).catch(() => undefined);
    });
    const transport = open('/echo?x=1');
    await transport.ready;
    expect(await exchange(transport, 'hello')).toBe('hello');

    const incoming = transport.incomingUnidirectionalStreams.getReader();
    const writer = (await accepted?.createUnidirectionalStream())?.getWriter();
    await writer?.write(Buffer.from('from the server'));
    await writer?.close();
    const { value: stream } = await incoming.read();
    expect(stream && text(await bytesOf(stream))).toBe('from the server');

    const datagrams = accepted?.datagrams.readable.getReader();
    await transport.datagrams.createWritable().getWriter().write(Buffer.from('datagram'));
    expect(text((await datagrams?.read())?.value)).toBe('datagram');
    expect(accepted?.request.path).toBe('/echo?x=1');
    expect(server.stats()?.webTransport).toEqual({ sessions: 1, pending: 0, accepted: 1, rejected: 0 });
    const [connection] = server.connections;
    expect([connection?.streams, connection?.openStreams]).toEqual([1, 1]);
  });

  it('gets what the client sent before it was accepted', async () => {
    const requests: WebTransportRequest[] = [];
    const { open, server } = await serveTransports((request) => void requests.push(request));
    const transport = open();
    await event(server, 'webtransport');
    // Until the answer the client holds its streams back; datagrams and streams of other clients need not wait.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const session = requests[0]?.accept();
    if (session === undefined) throw new Error('no request');
    void echo(session).catch(() => undefined);
    await transport.ready;
    expect(await exchange(transport, 'late')).toBe('late');
  });

  it('is rejected with status', async () => {
    const { open } = await serveTransports((request) => request.reject(403));
    expect((await failureOf(open().ready)).message).toContain('403');
  });

  it('has the protocol that was chosen, and response headers', async () => {
    const { open } = await serveTransports((request) => {
      const protocol = request.protocols[1];
      if (protocol === undefined) request.reject(400);
      else ignoreEnd(request.accept({ protocol, headers: { 'x-answer': 'yes' } }));
    });
    const transport = open('/', { protocols: ['one', 'two "quoted"'] });
    await transport.ready;
    expect(transport.protocol).toBe('two "quoted"');
    expect(transport.responseHeaders?.get('x-answer')).toBe('yes');
  });

  it.each<['client' | 'server']>([['client'], ['server']])('is closed by the %s with code and reason', async (by) => {
    const sessions: WebTransportServerSession[] = [];
    const { open, server } = await serveTransports((request) => void sessions.push(request.accept()));
    const transport = open();
    await transport.ready;
    const info = { closeCode: 4711, reason: 'enough' };
    if (by === 'client') transport.close(info);
    else sessions[0]?.close(info);
    expect(await Promise.all([transport.closed, sessions[0]?.closed])).toEqual([info, info]);
    expect(server.stats()?.webTransport).toMatchObject({ sessions: 0 });
  });

  it('is closed by both ends at once: each has its own code', async () => {
    const sessions: WebTransportServerSession[] = [];
    const { open } = await serveTransports((request) => void sessions.push(request.accept()));
    const transport = open();
    await transport.ready;
    transport.close({ closeCode: 1 });
    sessions[0]?.close({ closeCode: 2 });
    const [ofClient, ofServer] = await Promise.all([transport.closed, sessions[0]?.closed]);
    expect([ofClient.closeCode, ofServer?.closeCode]).toEqual([1, 2]);
  });

  it('is closed by the server in the flight of its answer', async () => {
    const { open } = await serveTransports((request) => request.accept().close({ closeCode: 3, reason: 'at once' }));
    const transport = open();
    await transport.ready;
    expect(await transport.closed).toEqual({ closeCode: 3, reason: 'at once' });
  });

  it('that the client gives up before it is accepted cannot be accepted', async () => {
    const requests: WebTransportRequest[] = [];
    const { open, server } = await serveTransports((request) => void requests.push(request));
    const transport = open();
    await event(server, 'webtransport');
    const [request] = requests;
    const aborted = new Promise((resolve) => request?.signal.addEventListener('abort', resolve));
    transport.close();
    await aborted;
    expect(() => request?.accept()).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_INVALID_STREAM' }));
    await failureOf(transport.ready);
  });
});

describe('a server with sessions', () => {
  it('drains them on close(), and closes when they have ended', async () => {
    const { open, server } = await serveTransports((request) => void echo(request.accept()).catch(() => undefined));
    const transport = open();
    await transport.ready;
    let closed = false;
    const end = event(server, 'close').then(() => {
      closed = true;
    });
    server.close();
    await transport.draining;
    expect(await exchange(transport, 'still there')).toBe('still there');
    expect(closed).toBe(false);
    transport.close({ closeCode: 9 });
    await end;
    expect(await transport.closed).toMatchObject({ closeCode: 9 });
  });

  it('ends them at once on destroy()', async () => {
    const sessions: WebTransportServerSession[] = [];
    const { open, server } = await serveTransports((request) => void sessions.push(request.accept()));
    const transport = open();
    await transport.ready;
    const end = event(server, 'close');
    server.destroy();
    const failures = await Promise.all([transport.closed, sessions[0]?.closed ?? Promise.resolve()].map(failureOf));
    expect(failures.map(({ source }) => source)).toEqual(['session', 'session']);
    await end;
  });

  it('has two paths with iterators, and serves requests beside them', async () => {
    const { server, origin, ca, connect } = await serve({ webTransport: true }, (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('a page');
    });
    const names: string[] = [];
    const loops = ['/a', '/b'].map(async (path) => {
      for await (const session of server.webTransportSessions(path)) {
        names.push(`${path} ${session.request.path}`);
        void echo(session).catch(() => undefined);
      }
    });
    const paths = ['/a?1', '/b?1', '/a?2'];
    const transports = paths.map((path) => openTransport(`${origin}${path}`, ca));
    const answers = await Promise.all(
      transports.map(async (transport, index) => {
        await transport.ready;
        return await exchange(transport, `${index}`);
      }),
    );
    expect(answers).toEqual(['0', '1', '2']);
    expect(names.sort()).toEqual(['/a /a?1', '/a /a?2', '/b /b?1']);
    expect((await failureOf(openTransport(`${origin}/c`, ca).ready)).message).toContain('404');
    expect((await fetchBytes(connect())).headers).toHaveProperty(':status', 200);
    const ended = event(server, 'close');
    server.close();
    for (const transport of transports) transport.close();
    await Promise.all([...loops, ended]);
  });

  it('takes sessions of 100 connections', async () => {
    const { open, server } = await serveTransports((request) => void echo(request.accept()).catch(() => undefined));
    const transports = Array.from({ length: 100 }, (_, index) => open(`/${index}`));
    const answers = await Promise.all(
      transports.map(async (transport, index) => {
        await transport.ready;
        return await exchange(transport, `message ${index}`);
      }),
    );
    expect(answers).toEqual(transports.map((_, index) => `message ${index}`));
    expect(server.stats()).toMatchObject({ connections: 100, webTransport: { sessions: 100, accepted: 100 } });
    for (const transport of transports) transport.close();
    await Promise.all(transports.map(({ closed }) => closed));
  });

  it('keeps a silent session open for longer than any of its timeouts', async () => {
    const { open } = await serveTransports((request) => void echo(request.accept()).catch(() => undefined), {
      idleTimeout: 300,
      timeout: 100,
      requestTimeout: 100,
    });
    const transport = open();
    await transport.ready;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await exchange(transport, 'awake')).toBe('awake');
  });
});
