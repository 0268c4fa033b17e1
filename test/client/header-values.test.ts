import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { OriginServer } from '../support/origin-server.js';
import { fetchBytes, type Settlement } from '../support/settlement.js';

/** Every character that a field value can have (RFC 9110 5.5), a blank at neither end. */
const EVERY_CHARACTER = String.fromCharCode(
  ...Array.from({ length: 256 }, (_, code) => code).filter((code) => code === 9 || (code >= 32 && code !== 127)),
).trim();

let identity: TestIdentity;
let server: AioquicServer;
let origin: OriginServer;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
  origin = await OriginServer.start();
  caddy = await startCaddy({
    certificate: identity.certificate,
    routes: [{ path: '/*', proxyTo: origin }],
  });
});

afterAll(async () => {
  await caddy?.stop();
  await origin?.close();
  await server?.stop();
});

/** The header section as aioquic received it. */
function received({ body }: Settlement): Readonly<Record<string, string[]>> {
  const sections: Record<string, string[]> = {};
  for (const [name, value] of JSON.parse(body.toString()) as [string, string][])
    sections[name] = [...(sections[name] ?? []), value];
  return sections;
}

describe('request fields', () => {
  it('arrive as given: every legal character, lists, numbers, white space at the ends removed', async () => {
    const session = openSession(server.origin, identity);
    const settled = await fetchBytes(session, {
      ':path': '/request-headers?a=b%20c',
      'X-Mixed-Case': 'name',
      'x-every': EVERY_CHARACTER,
      'x-empty': '',
      'x-number': 17,
      'x-list': ['one', 'two', 'three'],
      'x-blank': ' \t in the middle \t ',
      'x-undefined': undefined,
      cookie: ['a=1', 'b=2'],
      te: 'trailers',
    });
    expect(received(settled)).toEqual({
      ':method': ['GET'],
      ':scheme': ['https'],
      ':authority': [new URL(server.origin).host],
      ':path': ['/request-headers?a=b%20c'],
      'x-mixed-case': ['name'],
      'x-every': [EVERY_CHARACTER],
      'x-empty': [''],
      'x-number': ['17'],
      'x-list': ['one', 'two', 'three'],
      'x-blank': ['in the middle'],
      cookie: ['a=1; b=2'],
      te: ['trailers'],
    });
    await session.close();
  });

  it('take :authority from the host field', async () => {
    const session = openSession(server.origin, identity);
    const settled = await fetchBytes(session, { ':path': '/request-headers', host: 'example.org:81' });
    expect(received(settled)).toMatchObject({ ':authority': ['example.org:81'] });
    expect(received(settled)).not.toHaveProperty('host');
    await session.close();
  });

  it.each(['POST', 'PUT', 'PATCH'])('of %s without a body say so', async (method) => {
    const session = openSession(server.origin, identity);
    const headers = { ':method': method, ':path': '/request-headers' };
    const settled = await fetchBytes(session, headers, { endStream: true });
    expect(received(settled)).toMatchObject({ 'content-length': ['0'] });
    await session.close();
  });

  it('of 60 KB arrive, time and again', async () => {
    const session = openSession(server.origin, identity);
    const fields = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`x-field-${index}`, `${index}`.padEnd(1000, 'abcdefgh')]),
    );
    for (let round = 0; round < 3; round += 1) {
      const settled = await fetchBytes(session, { ':path': '/request-headers', ...fields, 'x-round': round });
      expect(settled.error).toBeUndefined();
      const sections = received(settled);
      for (const [name, value] of Object.entries(fields)) expect(sections[name]).toEqual([value]);
      expect(sections['x-round']).toEqual([`${round}`]);
    }
    await session.close();
  });
});

describe('response fields', () => {
  it('are joined, kept as a list, or kept once, as node:http2 does it', async () => {
    const session = openSession(server.origin, identity);
    const query = 'set-cookie=a%3D1&x-list=one&set-cookie=b%3D2&x-list=two&age=1&age=2&x-empty=';
    const { headers, rawHeaders } = await fetchBytes(session, { ':path': `/response-headers?${query}` });
    expect(headers).toEqual({
      ':status': 200,
      'content-length': '0',
      'set-cookie': ['a=1', 'b=2'],
      'x-list': 'one, two',
      age: '1',
      'x-empty': '',
    });
    expect(Object.getPrototypeOf(headers)).toBeNull();
    expect(rawHeaders.slice(2)).toEqual([
      'set-cookie',
      'a=1',
      'x-list',
      'one',
      'set-cookie',
      'b=2',
      'x-list',
      'two',
      'age',
      '1',
      'age',
      '2',
      'x-empty',
      '',
    ]);
    await session.close();
  });

  it('beyond ASCII come as one character a byte', async () => {
    const session = openSession(server.origin, identity);
    // The server sends UTF-8: two bytes, so two characters.
    const { headers } = await fetchBytes(session, { ':path': '/response-headers?x-text=caf%C3%A9' });
    expect(headers?.['x-text']).toBe('caf\u00c3\u00a9');
    // No UTF-8 at all.
    const every = await fetchBytes(session, { ':path': '/malformed/every-octet' });
    expect(every.headers?.['x-every']).toBe(EVERY_CHARACTER.replaceAll(/[\t ]/g, ''));
    await session.close();
  });

  it('of 60 KB arrive, time and again', async () => {
    const session = openSession(server.origin, identity);
    const query = Array.from({ length: 60 }, (_, index) => `x-field-${index}=${`${index}`.padEnd(950, 'abcdefgh')}`);
    for (let round = 0; round < 3; round += 1) {
      const path = `/response-headers?${query.join('&')}&x-round=${round}`;
      const { headers, error } = await fetchBytes(session, { ':path': path });
      expect(error).toBeUndefined();
      expect(headers?.['x-field-59']).toBe('59'.padEnd(950, 'abcdefgh'));
      expect(headers?.['x-round']).toBe(`${round}`);
      expect(Object.keys(headers ?? {})).toHaveLength(63);
    }
    await session.close();
  });

  it('beyond maxHeaderSize, as RFC 9114 4.2.2 counts it, end the stream', async () => {
    const session = openSession(server.origin, identity, { maxHeaderSize: 200 });
    // :status 200, content-length 0, and x-field: 42 + 47 + 39 bytes besides the value.
    const path = (length: number): string => `/response-headers?x-field=${'v'.repeat(length)}`;
    expect((await fetchBytes(session, { ':path': path(72) })).error).toBeUndefined();
    const { error, events } = await fetchBytes(session, { ':path': path(73) });
    expect(error).toMatchObject({ code: 'UND_ERR_HEADERS_OVERFLOW' });
    expect(events).toEqual(['ready', 'error', 'close']);
    // A request's own limit goes before the session's.
    expect((await fetchBytes(session, { ':path': path(73) }, { maxHeaderSize: 1000 })).error).toBeUndefined();
    await session.close();
  });
});

it('a request through Caddy reaches the origin with its method, path and fields', async () => {
  const session = openSession(caddy.origin, identity);
  const { body } = await fetchBytes(session, {
    ':method': 'OPTIONS',
    ':path': '/request-head?q=%E2%82%AC&x=1',
    'x-test': 'value',
    'x-list': ['one', 'two'],
  });
  const { method, url, headers } = JSON.parse(body.toString()) as { method: string; url: string; headers: string[] };
  expect({ method, url }).toEqual({ method: 'OPTIONS', url: '/request-head?q=%E2%82%AC&x=1' });
  const values = (name: string): string[] =>
    headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);
  expect(values('x-test')).toEqual(['value']);
  expect(values('x-list')).toEqual(['one', 'two']);
  await session.close();
});
