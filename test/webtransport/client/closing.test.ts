import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../../src/native.js';
import type { WebTransportServerSession } from '../../../src/server/index.js';
import { waitUntil } from '../../support/wait-until.js';
import { failureOf, serveTransports } from './support/opened.js';

describe('a session is closed', () => {
  it('by the client: the server learns code and reason, and the connection ends with it', async () => {
    const ends: unknown[] = [];
    const { open } = await serveTransports((request) => void request.accept().closed.then((end) => ends.push(end)));
    const transport = open();
    await transport.ready;
    transport.close({ closeCode: 4_000_000_000, reason: 'so long' });
    expect(await transport.closed).toEqual({ closeCode: 4_000_000_000, reason: 'so long' });
    await waitUntil('the server to learn it', () => ends.length > 0);
    expect(ends).toEqual([{ closeCode: 4_000_000_000, reason: 'so long' }]);
    // Only the server's socket is left.
    await waitUntil('the connection to end', () => loadAddon().counters().connections === 0);
  });

  it('in the moment in which it is ready: the close is not lost with the connection', async () => {
    const ends: unknown[] = [];
    const { open } = await serveTransports((request) => void request.accept().closed.then((end) => ends.push(end)));
    const transports = Array.from({ length: 20 }, () => open());
    await Promise.all(
      transports.map(async (transport, index) => {
        await transport.ready;
        transport.close({ closeCode: index });
      }),
    );
    await waitUntil('the server to learn of all', () => ends.length === transports.length);
    const codes = (ends as { closeCode: number }[]).map(({ closeCode }) => closeCode).sort((one, other) => one - other);
    expect(codes).toEqual(transports.map((_, index) => index));
  });

  it('by the server, in one flight with its answer', async () => {
    const { open } = await serveTransports((request) => {
      request.accept().close({ closeCode: 32, reason: 'abc' });
    });
    const transport = open();
    await transport.ready;
    expect(await transport.closed).toEqual({ closeCode: 32, reason: 'abc' });
  });

  it('by both at once, each with its own code', async () => {
    const sessions: WebTransportServerSession[] = [];
    const { open } = await serveTransports((request) => sessions.push(request.accept()));
    const transport = open();
    await transport.ready;
    const session = await waitUntil('the session', () => sessions[0]);
    transport.close({ closeCode: 1 });
    session.close({ closeCode: 2 });
    expect(await transport.closed).toEqual({ closeCode: 1, reason: '' });
    expect(await session.closed).toEqual({ closeCode: 2, reason: '' });
  });

  it('and streams end with it', async () => {
    const { open } = await serveTransports();
    const transport = open();
    const { readable, writable } = await transport.createBidirectionalStream();
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(10));
    const read = readable.getReader().read();
    transport.close();
    await expect(read).rejects.toBeDefined();
    await expect(writer.closed).rejects.toBeDefined();
    await expect(transport.createUnidirectionalStream()).rejects.toMatchObject({ name: 'InvalidStateError' });
  });
});

describe('a session fails', () => {
  it.each(['immediately', 'after its streams'])('when the server ends the connection %s', async (when) => {
    const { open, server } = await serveTransports();
    const transport = open();
    await transport.ready;
    if (when !== 'immediately')
      await (await transport.createUnidirectionalStream()).getWriter().write(Buffer.alloc(1000));
    server.destroy();
    expect(await failureOf(transport.closed)).toMatchObject({
      source: 'session',
      code: expect.stringMatching(/^(ERR_HTTP3_CONNECTION_CLOSED|ERR_HTTP3_CONNECTION|ECONNREFUSED)$/),
    });
    await expect(transport.getStats()).rejects.toMatchObject({ name: 'InvalidStateError' });
  });

  it('when the server goes away at any moment', async () => {
    for (let turns = 0; turns < 60; turns += 3) {
      const { open, server } = await serveTransports();
      const transport = open();
      const stream = transport.createBidirectionalStream().catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      await new Promise((resolve) => server.once('close', resolve).destroy());
      const { source, code } = await failureOf(transport.closed);
      expect(source).toBe('session');
      expect(code).toMatch(/^(ERR_HTTP3_CONNECTION_CLOSED|ERR_HTTP3_CONNECTION|ECONNREFUSED)$/);
      await stream;
    }
  });
});

describe('a server that shuts down', () => {
  it('lets sessions go on, and says so', async () => {
    const sessions: WebTransportServerSession[] = [];
    const { open, server } = await serveTransports((request) => sessions.push(request.accept()));
    const transport = open();
    await transport.ready;
    server.close();
    await transport.draining;
    const session = await waitUntil('the session', () => sessions[0]);
    const { readable } = await transport.createBidirectionalStream();
    const incoming = (await session.incomingBidirectionalStreams.getReader().read()).value;
    const writer = incoming?.writable.getWriter();
    await writer?.write(Buffer.from('still here'));
    const { value } = await readable.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe('still here');
    transport.close();
  });
});
