import { expect, test } from 'vitest';
import { Http3State, Status } from '../../src/native.js';
import { ServerEventKind } from '../../src/native-server.js';
import { makeCert } from '../support/certs.js';
import { openSession } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';
import { openCredential, RawServer } from './raw-server.js';

const certificate = await makeCert({ hosts: ['localhost'], ips: ['127.0.0.1'] });
const identity = { ca: certificate.certPem };
const FIN_FLAG = 2;
const STATE_MASK = 0xff;

/** Names and values, each ended by a NUL. */
function section(...fields: readonly string[]): string {
  return fields.map((field) => `${field}\0`).join('');
}

test('a request with a body is answered with an interim response, a header, a body and trailers', async () => {
  const requests: string[][] = [];
  const states: number[] = [];
  const body = Buffer.alloc(100);
  let received = '';
  const server = new RawServer(openCredential(certificate), (event) => {
    const { engine, status } = server;
    const { handle, streamId } = event;
    if (event.kind === ServerEventKind.STATE_CHANGE) states.push(event.flags & STATE_MASK);
    if (event.kind === ServerEventKind.REQUEST) {
      expect(event.flags & FIN_FLAG).toBe(0);
      requests.push(event.headers());
      expect(engine.respond(handle, streamId, section(':status', '103', 'link', '</a>'), undefined, 0, 0, false)).toBe(
        0,
      );
    }
    if (event.kind !== ServerEventKind.DATA_READABLE) return;
    for (let read = 1; read > 0; ) {
      read = engine.readData(handle, streamId, body, 10, 4);
      if (read > 0) received += body.toString('latin1', 10, 10 + read);
      if (status[Status.FIN] !== 1) continue;
      const head = section(':status', '200', 'x-bytes', '\xe9\xff', 'x-large', 'y'.repeat(2000));
      expect(engine.respond(handle, streamId, head, Buffer.from('--one--'), 2, 3, false)).toBe(3);
      expect(engine.sendData(handle, streamId, Buffer.from('..two'), 2, 3, false)).toBe(3);
      expect(engine.sendTrailers(handle, streamId, section('x-end', 'yes'))).toBeGreaterThanOrEqual(0);
      return;
    }
  });
  const session = openSession(server.origin, identity);
  const settlement = await fetchBytes(
    session,
    { ':method': 'POST', ':path': '/a?b', 'x-name': 'value' },
    { body: 'the request' },
  );
  expect(settlement.error).toBeUndefined();
  expect(settlement.interim).toMatchObject([{ ':status': 103, link: '</a>' }]);
  expect(settlement.headers).toMatchObject({ ':status': 200, 'x-bytes': '\xe9\xff', 'x-large': 'y'.repeat(2000) });
  expect(settlement.body.toString()).toBe('onetwo');
  expect(settlement.trailers).toMatchObject({ 'x-end': 'yes' });
  expect(received).toBe('the request');
  expect(requests).toHaveLength(1);
  expect(requests[0]).toEqual(expect.arrayContaining([':path', '/a?b', 'x-name', 'value']));
  expect(states).toContain(Http3State.CONNECTED);
  await session.close();
  server.close();
});

test('what is known of a connection, and its end', async () => {
  let opened = -1;
  let path = '';
  const closed: number[] = [];
  const server = new RawServer(openCredential(certificate), (event) => {
    const { engine } = server;
    if (event.kind === ServerEventKind.CONNECTION) {
      opened = event.handle;
      path = event.text();
      expect(engine.connectionInfo(opened)).toMatchObject({ remoteAddress: '127.0.0.1', alpn: '' });
    }
    if (event.kind === ServerEventKind.REQUEST) {
      expect(engine.respond(event.handle, event.streamId, section(':status', '204'), undefined, 0, 0, true)).toBe(0);
    }
    if (event.kind === ServerEventKind.STATE_CHANGE && (event.flags & STATE_MASK) === Http3State.CLOSED) {
      closed.push(event.handle);
      engine.release(event.handle);
    }
  });
  const session = openSession(server.origin, identity);
  expect((await fetchBytes(session)).headers).toMatchObject({ ':status': 204 });
  const info = server.engine.connectionInfo(opened);
  expect(info).toMatchObject({ alpn: 'h3', resumed: false, earlyData: false, retried: false, quicVersion: 1 });
  expect(info?.connectionId).toMatch(/^([0-9a-f]{2}){8,20}$/);
  expect(path).toBe(`${info?.remoteAddress} ${info?.remotePort} ${info?.localAddress} ${info?.localPort}`);
  expect(server.engine.connectionStats(opened)?.packetsReceived).toBeGreaterThan(0);
  expect(server.engine.stats()).toMatchObject({ connections: 1, accepted: 1, refused: 0, handshakesFailed: 0 });
  await session.close();
  await expect.poll(() => closed).toEqual([opened]);
  expect(server.engine.connectionInfo(opened)).toBeUndefined();
  expect(server.engine.stats()).toMatchObject({ connections: 0, accepted: 1 });
  server.close();
});

test('an event that is larger than the buffer makes it grow', async () => {
  const value = 'z'.repeat(200_000);
  let length = 0;
  const server = new RawServer(
    openCredential(certificate),
    (event) => {
      if (event.kind !== ServerEventKind.REQUEST) return;
      length = event.headers().find((field) => field.startsWith('zzz'))?.length ?? 0;
      server.engine.respond(event.handle, event.streamId, section(':status', '204'), undefined, 0, 0, true);
    },
    { maxFieldSectionSize: 2 * value.length },
  );
  const before = server.engine.eventBuffer();
  expect(before.length).toBeLessThan(value.length);
  const session = openSession(server.origin, identity);
  expect((await fetchBytes(session, { 'x-large': value })).headers).toMatchObject({ ':status': 204 });
  expect(length).toBe(value.length);
  expect(server.engine.eventBuffer().length).toBeGreaterThan(value.length);
  await session.close();
  server.close();
});
