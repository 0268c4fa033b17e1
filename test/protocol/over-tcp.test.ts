import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import * as net from 'node:net';
import { Readable } from 'node:stream';
import { Agent, errors, ProxyAgent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ConnectorOptions } from '../../src/client/dispatcher/agent-options.js';
import { Http3Agent } from '../../src/client/dispatcher/http3-agent.js';
import { ask, serveChoices } from './support/choice-peer.js';

/** A server on a loopback port that ends with the test. @returns its port */
async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy that knows CONNECT. @returns its port, and the places that it connected to */
async function startProxy(): Promise<{ readonly port: number; readonly places: string[] }> {
  const places: string[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (incoming, client, head) => {
    places.push(incoming.url ?? '');
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const upstream = net.connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  return { port: await listen(proxy), places };
}

describe('what HTTP/3 here cannot do goes over TCP', () => {
  it('an upgrade', async () => {
    const server = http.createServer();
    server.on('upgrade', (_incoming, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello');
    });
    const port = await listen(server);
    const agent = new Http3Agent();
    onTestFinished(() => agent.destroy());
    const { socket } = await agent.upgrade({
      origin: `http://127.0.0.1:${port}`,
      path: '/',
      protocol: 'echo',
    } as never);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('hello');
  });

  it('an http: origin', async () => {
    const port = await listen(http.createServer((_incoming, response) => response.end('plain')));
    const agent = new Http3Agent();
    onTestFinished(() => agent.destroy());
    const { body } = await request(`http://127.0.0.1:${port}/`, { dispatcher: agent });
    expect(await body.text()).toBe('plain');
  });

  it.each(['h3-first', 'auto'] as const)('everything, if there is a client certificate (%s)', async (protocol) => {
    const peer = await serveChoices();
    const agent = peer.makeAgent({ protocol, connect: { ca: peer.ca, cert: [], key: [] } as ConnectorOptions });
    await ask(agent, `${peer.origin}/1`);
    await ask(agent, `${peer.origin}/2`);
    expect(peer.seen.map(({ httpVersion }) => httpVersion)).toEqual(['2.0', '2.0']);
  });

  it('everything, if there is a proxy', async () => {
    const peer = await serveChoices();
    const proxy = await startProxy();
    const agent = peer.makeAgent({ protocol: 'h3-first', proxy: `http://127.0.0.1:${proxy.port}` });
    await ask(agent, `${peer.origin}/1`);
    await ask(agent, `${peer.origin}/2`);
    expect(new Set(proxy.places)).toEqual(new Set([`127.0.0.1:${peer.port}`]));
    expect(peer.seen.some(({ httpVersion }) => httpVersion === '3.0')).toBe(false);
  });

  it("everything, if the user's own dispatcher for TCP goes through a proxy", async () => {
    const peer = await serveChoices();
    const proxy = await startProxy();
    const tcp = new ProxyAgent({ uri: `http://127.0.0.1:${proxy.port}`, requestTls: { ca: peer.ca } });
    onTestFinished(() => tcp.close());
    const agent = peer.makeAgent({ protocol: 'h3-first', tcp });
    await ask(agent, `${peer.origin}/1`);
    expect(proxy.places).toHaveLength(1);
  });
});

describe('a body over TCP that says that it is empty', () => {
  it('may be pulled', async () => {
    const peer = await serveChoices();
    const { status } = await ask(peer.makeAgent(), `${peer.origin}/`, {
      method: 'POST',
      body: Readable.from([]),
      headers: { 'content-length': '0' },
    });
    expect(status).toBe(200);
  });

  it('and is not, fails the request', async () => {
    const peer = await serveChoices();
    const answer = ask(peer.makeAgent(), `${peer.origin}/`, {
      method: 'POST',
      body: Readable.from([Buffer.from('bytes')]),
      headers: { 'content-length': '0' },
    });
    await expect(answer).rejects.toBeInstanceOf(errors.RequestContentLengthMismatchError);
  });
});

describe("what HTTP/3 here cannot do is refused with protocol 'h3'", () => {
  it.each([
    ['a client certificate', { connect: { cert: 'x', key: 'y' } }, 'connect.cert'],
    ['a proxy', { proxy: 'http://127.0.0.1:1' }, 'proxy'],
    ['a connect function', { connect: () => undefined }, 'connect function'],
  ])('%s, when the agent is made', (_what, options, named) => {
    expect(() => new Http3Agent({ protocol: 'h3', ...options } as never)).toThrow(errors.NotSupportedError);
    expect(() => new Http3Agent({ protocol: 'h3', ...options } as never)).toThrow(named);
  });

  it('CONNECT, an upgrade and an http: origin, when they are asked for', async () => {
    const agent = new Http3Agent({ protocol: 'h3' });
    onTestFinished(() => agent.destroy());
    const origin = 'https://127.0.0.1:1';
    await expect(agent.connect({ origin, path: 'example.org:443' })).rejects.toBeInstanceOf(errors.NotSupportedError);
    await expect(agent.upgrade({ origin, path: '/' } as never)).rejects.toBeInstanceOf(errors.NotSupportedError);
    await expect(request('http://127.0.0.1:1/', { dispatcher: agent })).rejects.toBeInstanceOf(
      errors.NotSupportedError,
    );
  });
});

describe("the user's own dispatcher for TCP", () => {
  it('carries what goes over TCP, tells Alt-Svc, and is left open', async () => {
    const peer = await serveChoices();
    const tcp = new Agent({ connect: { ca: peer.ca } });
    onTestFinished(() => tcp.close());
    const agent = peer.makeAgent({ tcp });
    await ask(agent, `${peer.origin}/1`);
    await ask(agent, `${peer.origin}/2`);
    await agent.close();
    expect(tcp.closed).toBe(false);
    const { headers, body } = await request(`${peer.origin}/3`, { dispatcher: tcp });
    await body.dump();
    expect(headers['x-version']).toBe('1.1');
    expect(peer.seen.map(({ httpVersion }) => httpVersion)).toEqual(['1.1', '3.0', '1.1']);
  });
});
