import { describe, expect, it } from 'vitest';
import { waitUntil } from '../support/wait-until.js';
import { identitiesFor, identityFor, lookupOf } from './support/names.js';
import { makeDirectory, TestPool, type TestPoolOptions } from './support/pools.js';
import { type Answer, type CountingServer, type SeenRequest, startServer } from './support/servers.js';

const BOTH = ['a.test', 'b.test'];

interface Setting {
  readonly server: CountingServer;
  readonly a: TestPool;
  readonly b: TestPool;
  readonly asked: readonly string[];
}

/** Two origins at one address, unless the names say otherwise. */
async function setting(
  answer?: Answer,
  {
    hosts = BOTH,
    names = { 'a.test': '127.0.0.1', 'b.test': '127.0.0.1' },
    a = {},
    b = {},
    directory = makeDirectory({ coalesce: true }),
  }: {
    hosts?: readonly string[];
    names?: Readonly<Record<string, string | readonly string[]>>;
    a?: TestPoolOptions;
    b?: TestPoolOptions;
    directory?: TestPoolOptions['directory'];
  } = {},
): Promise<Setting> {
  const identity = await identityFor(hosts);
  const server = await startServer(identity, answer);
  const { lookup, asked } = lookupOf(names);
  const common = { lookup, ...(directory === undefined ? {} : { directory }) };
  return {
    server,
    asked,
    a: new TestPool(`https://a.test:${server.port}`, identity.ca, { ...common, ...a }),
    b: new TestPool(`https://b.test:${server.port}`, identity.ca, { ...common, ...b }),
  };
}

describe('a connection whose address and certificate are good for another origin', () => {
  it('serves that too, with its own :authority and one look-up', async () => {
    const { server, a, b, asked } = await setting();
    await a.request('/a').outcome;
    const outcomes = await Promise.all([b.request('/b').outcome, b.request('/b2').outcome]);
    expect(outcomes.map(({ end }) => end)).toEqual(['end', 'end']);
    expect(server.seen.map(({ authority, session }) => ({ authority, session }))).toEqual([
      { authority: `a.test:${server.port}`, session: 0 },
      { authority: `b.test:${server.port}`, session: 0 },
      { authority: `b.test:${server.port}`, session: 0 },
    ]);
    expect(asked).toEqual(['a.test', 'b.test']);
    expect(b.pool.stats).toMatchObject({ connected: 1, size: 0 });
    expect(b.pool.state).toBe('connected');
    await Promise.all([a.close(), b.close()]);
  });

  it('is found at any of several addresses', async () => {
    const { server, a, b } = await setting(undefined, {
      names: { 'a.test': '127.0.0.1', 'b.test': ['::1', '127.0.0.9', '127.0.0.1'] },
    });
    await a.request().outcome;
    expect((await b.request().outcome).end).toBe('end');
    expect(server.sessions).toBe(1);
  });

  it('is kept open by the guest’s requests, and closed when idle', async () => {
    const held: SeenRequest[] = [];
    const { server, a, b } = await setting(
      (request) => {
        if (request.path === '/held') held.push(request);
        else request.stream.end('x');
      },
      { a: { keepAliveTimeout: 40 } },
    );
    await a.request().outcome;
    const guest = b.request('/held');
    await waitUntil('the request', () => held.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([a.events, b.events].flat().filter((event) => event.startsWith('disconnect'))).toEqual([]);
    held[0]?.stream.end('late');
    expect(await guest.outcome).toMatchObject({ end: 'end', body: 'late' });
    await Promise.all([a.until('idle'), b.until('idle')]);
    expect(server.sessions).toBe(1);
  });

  it('after GOAWAY the guest’s requests go to a connection of its own', async () => {
    const { server, a, b } = await setting();
    await a.request().outcome;
    await b.request().outcome;
    server.goaway();
    await b.until('goaway');
    expect((await b.request('/again').outcome).end).toBe('end');
    expect(server.seen.at(-1)?.session).toBe(1);
    expect(a.pool.state).toBe('none');
  });

  it('the guest’s requests finish when the owner is closed, and the next go elsewhere', async () => {
    const held: SeenRequest[] = [];
    const { server, a, b } = await setting((request) => {
      if (request.path === '/held') held.push(request);
      else request.stream.end('x');
    });
    await a.request().outcome;
    const guest = b.request('/held');
    await waitUntil('the request', () => held.length === 1);
    await a.close();
    expect((await b.request('/next').outcome).end).toBe('end');
    expect(server.seen.at(-1)).toMatchObject({ path: '/next', session: 1 });
    held[0]?.stream.end('late');
    expect(await guest.outcome).toMatchObject({ end: 'end', body: 'late' });
  });

  it('destroying the owner leaves the guest’s requests alone; destroying the guest, the owner’s', async () => {
    const held: SeenRequest[] = [];
    const { a, b, server } = await setting((request) => {
      if (request.path === '/warm') request.stream.end('x');
      else held.push(request);
    });
    await a.request('/warm').outcome;
    const [owners, guests] = [a.request('/owner'), b.request('/guest')];
    await waitUntil('both', () => held.length === 2);
    const { ClientDestroyedError } = await import('../../src/errors.js');
    a.pool.destroy(new ClientDestroyedError());
    expect((await owners.outcome).error?.code).toBe('UND_ERR_DESTROYED');
    await a.until('close');
    for (const { stream } of held) if (!stream.destroyed) stream.end('late');
    expect(await guests.outcome).toMatchObject({ end: 'end', body: 'late' });
    b.pool.destroy(new ClientDestroyedError());
    await b.until('close');
    expect(server.sessions).toBe(1);
  });

  it('takes the rest on a connection of its own when the shared one has no room', async () => {
    const held: SeenRequest[] = [];
    const { a, b, server } = await setting(
      (request) => {
        if (request.path === '/warm') request.stream.end('x');
        else held.push(request);
      },
      { a: { maxConcurrentStreams: 3 } },
    );
    await a.request('/warm').outcome;
    const requests = Array.from({ length: 8 }, (_, index) => b.request(`/${index}`));
    await waitUntil('all', () => held.length === 8);
    expect(server.sessions).toBe(2);
    for (const { stream } of held) stream.end('x');
    for (const { outcome } of requests) expect((await outcome).end).toBe('end');
  });
});

describe('a connection does not serve another origin', () => {
  const separate = async ({ a, b, server }: Setting): Promise<void> => {
    await a.request('/a').outcome;
    await b.request('/b').outcome;
    expect(a.count('connect')).toBe(1);
    expect(server.seen.filter(({ path }) => path === '/b').map(({ session }) => session)).not.toContain(0);
  };

  it('if coalescing is off', async () => {
    await separate(await setting(undefined, { directory: makeDirectory() }));
  });

  it('if the address differs', async () => {
    const { a, b, server } = await setting(undefined, { names: { 'a.test': '127.0.0.1', 'b.test': '127.0.0.2' } });
    await a.request('/a').outcome;
    const { error } = await b.request('/b').outcome;
    expect(error).toBeDefined();
    expect(server.seen.map(({ path }) => path)).toEqual(['/a']);
  });

  it('if the certificate does not name it', async () => {
    const { a, b, server } = await setting(undefined, { hosts: ['a.test', '*.b.test'] });
    await a.request('/a').outcome;
    expect((await b.request('/b').outcome).error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(server.seen.map(({ path }) => path)).toEqual(['/a']);
  });

  it('if it was not verified', async () => {
    await separate(await setting(undefined, { a: { rejectUnauthorized: false } }));
    await separate(await setting(undefined, { b: { rejectUnauthorized: false } }));
  });

  it('if a name was given for the certificate', async () => {
    await separate(await setting(undefined, { b: { servername: 'a.test' } }));
  });

  it('if the anchors differ', async () => {
    const other = await identityFor(['c.test']);
    const { a, b, server } = await setting(undefined, { b: { ca: other.ca } });
    await a.request('/a').outcome;
    expect((await b.request('/b').outcome).error).toBeDefined();
    expect(server.seen.map(({ path }) => path)).toEqual(['/a']);
  });

  it('at another port', async () => {
    const identity = await identityFor(BOTH);
    const [first, second] = [await startServer(identity), await startServer(identity)];
    const { lookup } = lookupOf({ 'a.test': '127.0.0.1', 'b.test': '127.0.0.1' });
    const directory = makeDirectory({ coalesce: true });
    const a = new TestPool(`https://a.test:${first.port}`, identity.ca, { lookup, directory });
    const b = new TestPool(`https://b.test:${second.port}`, identity.ca, { lookup, directory });
    await a.request('/a').outcome;
    await b.request('/b').outcome;
    expect([first, second].map(({ seen }) => seen.map(({ path }) => path))).toEqual([['/a'], ['/b']]);
  });
});

describe('421 (Misdirected Request)', () => {
  const misdirect: Answer = ({ stream, authority, session, path }) => {
    stream.resume();
    if (authority.startsWith('b.') && session === 0) stream.respond({ ':status': 421 });
    else stream.respond({ ':status': 200 });
    stream.end(path);
  };

  it('on another origin’s connection is not shown: the request goes again on an own one, and so do all after it', async () => {
    const { server, a, b } = await setting(misdirect);
    await a.request('/a').outcome;
    const post = { headers: { ':method': 'POST' }, body: 'again' };
    const requests = [b.request('/b1'), b.request('/b2', post), b.request('/b3')];
    for (const { outcome } of requests) expect(await outcome).toMatchObject({ end: 'end', status: 200 });
    await b.request('/b4').outcome;
    const sessions = (path: string): number[] =>
      server.seen.filter((seen) => seen.path === path).map(({ session }) => session);
    expect(sessions('/b1')).toEqual([0, 1]);
    expect(sessions('/b2')).toEqual([0, 1]);
    expect(sessions('/b4')).toEqual([1]);
    expect(sessions('/a')).toEqual([0]);
    expect(server.sessions).toBe(2);
  });

  it('is shown if the body cannot be given again', async () => {
    const { a, b } = await setting(misdirect);
    await a.request('/a').outcome;
    async function* once(): AsyncGenerator<string> {
      yield 'only once';
    }
    const streamed = b.request('/b', { headers: { ':method': 'POST' }, body: once() });
    expect(await streamed.outcome).toMatchObject({ end: 'end', status: 421 });
    expect(await b.request('/b').outcome).toMatchObject({ status: 200 });
  });

  it('on the origin’s own connection is an answer like others', async () => {
    const [identity] = await identitiesFor([{ hosts: BOTH }]);
    const server = await startServer(identity ?? { certPem: '', keyPem: '' }, ({ stream }) => {
      stream.respond({ ':status': 421 });
      stream.end();
    });
    const { lookup } = lookupOf({ 'a.test': '127.0.0.1' });
    const pool = new TestPool(`https://a.test:${server.port}`, identity?.ca ?? '', { lookup });
    expect(await pool.request().outcome).toMatchObject({ end: 'end', status: 421, sent: 1 });
  });
});
