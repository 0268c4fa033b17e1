import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { OriginServer } from '../support/origin-server.js';
import { fetchBytes } from '../support/settlement.js';

let identity: TestIdentity;
let server: AioquicServer;
let origin: OriginServer;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
  origin = await OriginServer.start();
  caddy = await startCaddy({ certificate: identity.certificate, routes: [{ path: '/*', proxyTo: origin }] });
});

afterAll(async () => {
  await caddy?.stop();
  await origin?.close();
  await server?.stop();
});

describe('interim responses', () => {
  it('103 come in order, before the final response', async () => {
    const session = openSession(server.origin, identity);
    const { interim, headers, body, events, error } = await fetchBytes(session, {
      ':path': '/interim?status=103&count=3',
    });
    expect(error).toBeUndefined();
    expect(interim).toEqual(
      [0, 1, 2].map((number) => ({ ':status': 103, link: `</style-${number}.css>; rel=preload` })),
    );
    expect(headers?.[':status']).toBe(200);
    expect(body.toString()).toBe('final');
    expect(events).toEqual(['ready', 'headers', 'headers', 'headers', 'response', 'data', 'end', 'close']);
    await session.close();
  });

  it('103 of an origin comes through Caddy', async () => {
    const session = openSession(caddy.origin, identity);
    const { interim, headers, body } = await fetchBytes(session, { ':path': '/early-hints' });
    expect(interim).toMatchObject([{ ':status': 103, link: '</style.css>; rel=preload; as=style' }]);
    expect(headers?.[':status']).toBe(200);
    expect(body.toString()).toBe('final');
    await session.close();
  });

  it('100 is a continue event too', async () => {
    const session = openSession(server.origin, identity);
    const { interim, events } = await fetchBytes(
      session,
      { ':method': 'POST', ':path': '/interim?status=100', expect: '100-continue' },
      { body: 'body' },
    );
    expect(interim).toMatchObject([{ ':status': 100 }]);
    expect(events).toEqual(['ready', 'continue', 'headers', 'response', 'data', 'end', 'close']);
    await session.close();
  });

  it('any number of them is no response', async () => {
    const session = openSession(server.origin, identity);
    const { interim, headers } = await fetchBytes(session, { ':path': '/interim?status=199&count=200' });
    expect(interim).toHaveLength(200);
    expect(headers?.[':status']).toBe(200);
    await session.close();
  });

  it('lets a body wait for 100', async () => {
    const session = openSession(server.origin, identity);
    const stream = session.request({ ':method': 'POST', ':path': '/interim?status=100', expect: '100-continue' });
    const order: string[] = [];
    stream.on('continue', () => {
      order.push('continue');
      stream.end('body');
    });
    stream.on('finish', () => order.push('finish'));
    stream.resume();
    await new Promise((resolve) => stream.on('close', resolve));
    expect(order).toEqual(['continue', 'finish']);
    await session.close();
  });
});

describe('trailers', () => {
  it('come after the body and before its end', async () => {
    const session = openSession(server.origin, identity);
    const { trailers, body, events, error } = await fetchBytes(session, { ':path': '/trailers' });
    expect(error).toBeUndefined();
    expect(body.toString()).toBe('body');
    expect(trailers).toEqual({ 'x-first': '1', 'x-second': 'two' });
    expect(events).toEqual(['ready', 'response', 'data', 'trailers', 'end', 'close']);
    await session.close();
  });
});
