import { createServer } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import {
  Agent,
  getGlobalDispatcher,
  MockAgent,
  setGlobalDispatcher,
  fetch as undiciFetch,
  request as undiciRequest,
} from 'undici';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Http3Agent } from '../../src/client/dispatcher/http3-agent.js';
import { type Installation, install } from '../../src/client/fetch/install.js';
import { OVER_H3, PROTOCOL, servePeer } from './support/fetch-peer.js';

const SYMBOLS = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')];
// Where the built-in fetch was used before undici is loaded, as by a test runner, undici leaves the second one empty.
setGlobalDispatcher(getGlobalDispatcher());
const atFirst = current();

/** What copies of undici find under their symbols. */
function current(): unknown[] {
  return SYMBOLS.map((symbol) => Reflect.get(globalThis, symbol) as unknown);
}

/** Installs until the test ends. */
function installed(agent?: Parameters<typeof install>[0]): Installation {
  const installation = install(agent);
  onTestFinished(() => installation.uninstall());
  return installation;
}

afterEach(() => {
  SYMBOLS.forEach((symbol, index) => {
    Object.defineProperty(globalThis, symbol, { value: atFirst[index] });
  });
});

it('puts an agent under the built-in fetch, and under undici', async () => {
  const { origin, agent } = await servePeer((request, response) => response.end(request.httpVersion));
  const version = OVER_H3 ? '3.0' : expect.any(String);
  const installation = installed(agent);
  expect(installation.agent).toBe(agent);
  expect(current()).toEqual([agent, agent]);
  expect(getGlobalDispatcher()).toBe(agent);
  expect(await (await globalThis.fetch(origin)).text()).toEqual(version);
  expect(await (await undiciFetch(origin)).text()).toEqual(version);
  expect(await (await undiciRequest(origin)).body.text()).toEqual(version);
});

it('the built-in fetch streams, follows redirects, decodes and aborts over it', async () => {
  const { origin, agent } = await servePeer((request, response) => {
    if (request.url === '/moved') response.writeHead(307, { location: '/echo' }).end();
    else if (request.url === '/stall') response.write('some');
    else request.pipe(response);
  });
  installed(agent);
  const moved = await globalThis.fetch(`${origin}/moved`, { method: 'POST', body: 'text' });
  expect({ url: moved.url, text: await moved.text() }).toEqual({ url: `${origin}/echo`, text: 'text' });
  const body = new Blob(['stream']).stream();
  const init = { method: 'POST', body, duplex: 'half' as const };
  expect(await (await globalThis.fetch(`${origin}/echo`, init)).text()).toBe('stream');
  const controller = new AbortController();
  const stalled = await globalThis.fetch(`${origin}/stall`, { signal: controller.signal });
  const text = stalled.text();
  controller.abort();
  await expect(text).rejects.toMatchObject({ name: 'AbortError' });
});

it('without an agent makes one, and uninstall closes it', () => {
  const { agent, uninstall } = installed();
  expect(agent).toBeInstanceOf(Http3Agent);
  expect(current()).toEqual([agent, agent]);
  uninstall();
  expect(current()).toEqual(atFirst);
  expect((agent as Http3Agent).closed).toBe(true);
});

it('an agent that was given stays open', () => {
  const agent = new Http3Agent();
  install(agent).uninstall();
  expect(agent.closed).toBe(false);
  void agent.close();
});

it('requests under way finish after uninstall', async () => {
  const { origin, ca, server } = await servePeer((_, response) => {
    response.write('first');
    server.once('go on', () => response.end(' last'));
  });
  const { uninstall } = installed({ protocol: PROTOCOL, connect: { ca } });
  const response = await globalThis.fetch(origin);
  uninstall();
  server.emit('go on');
  expect(await response.text()).toBe('first last');
});

it('is undone by Symbol.dispose, and only once', () => {
  const installation = installed();
  installation[Symbol.dispose]();
  expect(current()).toEqual(atFirst);
  const other = installed();
  installation.uninstall();
  expect(current()).toEqual([other.agent, other.agent]);
});

describe('several at a time', () => {
  it.each([
    ['in the order of installation', [0, 1, 2]],
    ['in the reverse order', [2, 1, 0]],
    ['the middle one first', [1, 0, 2]],
    ['the middle one, then the last', [1, 2, 0]],
  ])('are undone %s', (_, order) => {
    const installations = [installed(), installed(), installed()];
    const left = [...installations];
    for (const index of order) {
      const installation = installations[index];
      installation?.uninstall();
      left.splice(left.indexOf(installation as Installation), 1);
      const expected = left.at(-1)?.agent;
      expect(current()).toEqual(expected === undefined ? atFirst : [expected, expected]);
    }
    expect(installations.every(({ agent }) => (agent as Http3Agent).closed)).toBe(true);
  });

  it('may be of one agent', () => {
    const agent = new Http3Agent();
    const between = new Http3Agent();
    const [first, second, third] = [installed(agent), installed(between), installed(agent)];
    third.uninstall();
    expect(current()).toEqual([between, between]);
    first.uninstall();
    expect(current()).toEqual([between, between]);
    second.uninstall();
    expect(current()).toEqual(atFirst);
    void agent.close();
    void between.close();
  });
});

it('what others set meanwhile stays, and what they may still use is not closed', () => {
  const installation = installed();
  const mock = new MockAgent();
  setGlobalDispatcher(mock);
  installation.uninstall();
  expect(current()).toEqual([mock, mock]);
  expect((installation.agent as Http3Agent).closed).toBe(false);
  void installation.agent.close();
});

it('a symbol that nobody had set gets a dispatcher that works', () => {
  const [, second] = SYMBOLS as [symbol, symbol];
  Object.defineProperty(globalThis, second, { value: undefined });
  installed().uninstall();
  expect(current()[0]).toBe(atFirst[0]);
  expect(current()[1]).toBeInstanceOf(Agent);
});

it('undici can set its own again', () => {
  installed();
  const agent = new Agent();
  setGlobalDispatcher(agent);
  expect(current()).toEqual([agent, agent]);
});

it.each([[null], ['agent'], [{ headStart: -1 }]])('%j is refused, and nothing is changed', (agent) => {
  expect(() => install(agent as unknown as Http3Agent)).toThrow(/agent|headStart/);
  expect(current()).toEqual(atFirst);
});

describe('with a proxy in the environment', () => {
  afterEach(() => vi.unstubAllEnvs());

  /** A proxy that counts its tunnels. */
  async function startProxy(): Promise<{ url: string; tunnels: () => number }> {
    let tunnels = 0;
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      tunnels += 1;
      const { hostname, port } = new URL(`https://${request.url}`);
      const upstream = connectTcp(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      for (const end of [socket, upstream])
        end.on('error', () => socket.destroy(upstream.destroy().errored ?? undefined));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, tunnels: () => tunnels };
  }

  it.each([
    ['NODE_USE_ENV_PROXY', '1'],
    ['NODE_OPTIONS', '--use-env-proxy'],
  ])('%s=%s: requests go through it', async (name, value) => {
    const { origin, ca } = await servePeer((request, response) => response.end(request.httpVersion));
    const { url, tunnels } = await startProxy();
    vi.stubEnv(name, value);
    vi.stubEnv('HTTPS_PROXY', url);
    const { agent } = installed({ connect: { ca } });
    expect(await (await globalThis.fetch(origin)).text()).not.toBe('3.0');
    expect(tunnels()).toBe(1);
    await agent.destroy();
  });

  it('NO_PROXY is honoured', async () => {
    const { origin, ca } = await servePeer((_, response) => response.end('text'));
    const { url, tunnels } = await startProxy();
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    vi.stubEnv('https_proxy', url);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    const { agent } = installed({ connect: { ca } });
    expect(await (await globalThis.fetch(origin)).text()).toBe('text');
    expect(tunnels()).toBe(0);
    await agent.destroy();
  });

  it('without NODE_USE_ENV_PROXY, or without a proxy, it is as ever', async () => {
    const { origin, ca } = await servePeer((request, response) => response.end(request.httpVersion));
    const { url, tunnels } = await startProxy();
    for (const [name, value] of [
      ['HTTPS_PROXY', url],
      ['NODE_USE_ENV_PROXY', '1'],
    ] as const) {
      vi.stubEnv(name, value);
      const { agent, uninstall } = installed({ protocol: PROTOCOL, connect: { ca } });
      expect(await (await globalThis.fetch(origin)).text()).toBe(OVER_H3 ? '3.0' : '2.0');
      uninstall();
      await agent.destroy();
      vi.unstubAllEnvs();
    }
    expect(tunnels()).toBe(0);
  });

  it('HTTP/3 alone is refused then', () => {
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9');
    expect(() => install({ protocol: 'h3' })).toThrow(/proxy/);
    expect(current()).toEqual(atFirst);
  });
});
