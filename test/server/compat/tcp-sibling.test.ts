import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect, type ServerHttp2Stream } from 'node:http2';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { toStreamListener } from '../../../src/server/compat/request-listener.js';
import type { CredentialOptions } from '../../../src/server/credentials.js';
import type { SniCallback } from '../../../src/server/server-options.js';
import { resolveTcpOptions, type TcpOptions } from '../../../src/server/tcp-options.js';
import { TcpSibling } from '../../../src/server/tcp-sibling.js';
import { makeCa, makeCert } from '../../support/certs.js';
import { makeIdentity, type TestIdentity } from '../../support/client.js';
import { findFreePort } from '../../support/free-port.js';
import { waitUntil } from '../../support/wait-until.js';

const HOST = '127.0.0.1';

let identity: TestIdentity;
let credentials: CredentialOptions;

beforeAll(async () => {
  identity = await makeIdentity();
  credentials = { cert: identity.certificate.certPem, key: identity.certificate.keyPem };
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** Starts a sibling of a server that has these listeners. */
async function startSibling(
  target: EventEmitter,
  tcp: TcpOptions | true = true,
  SNICallback?: SniCallback,
): Promise<{ sibling: TcpSibling; port: number }> {
  const options = resolveTcpOptions(tcp);
  if (options === undefined) throw new Error('no TCP');
  const sibling = new TcpSibling(target, options, credentials, SNICallback);
  const port = await findFreePort(HOST);
  await sibling.listen(port, HOST);
  onTestFinished(() => sibling.destroy());
  return { sibling, port };
}

/** A server whose 'stream' events become 'request' events, as our server's do. */
function compatibleServer(): EventEmitter {
  const server = new EventEmitter();
  return server.on(
    'stream',
    toStreamListener((request, response) => server.emit('request', request, response)),
  );
}

function openHttp2(port: number): ClientHttp2Session {
  const session = connect(`https://${HOST}:${port}`, { ca: identity.ca });
  onTestFinished(() => session.destroy());
  return session;
}

async function fetchHttp2(session: ClientHttp2Session, path = '/'): Promise<Answer> {
  const stream = session.request({ ':path': path });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  return { status: headers[':status'] as number, headers, body: (await buffer(stream)).toString() };
}

async function fetchHttp1(port: number, options: RequestOptions = {}): Promise<Answer> {
  const request = httpsRequest({ host: HOST, port, ca: identity.ca, agent: false, ...options }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: (await buffer(response)).toString() };
}

describe('the TCP sibling of a server', () => {
  it('serves HTTP/1.1 and HTTP/2 with the same listener, and names HTTP/3 in each response', async () => {
    const server = compatibleServer();
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      response.setHeader('content-type', 'text/plain');
      response.end(`${request.method} ${request.url} over ${request.httpVersion} from ${request.socket.remoteAddress}`);
    });
    const { port } = await startSibling(server);
    const altSvc = `h3=":${port}"; ma=86400`;
    const second = await fetchHttp2(openHttp2(port), '/two');
    expect(second.body).toBe(`GET /two over 2.0 from ${HOST}`);
    expect(second.headers['alt-svc']).toBe(altSvc);
    const first = await fetchHttp1(port, { path: '/one' });
    expect(first.body).toBe(`GET /one over 1.1 from ${HOST}`);
    expect(first.headers['alt-svc']).toBe(altSvc);
  });

  it('leaves an Alt-Svc of the response alone', async () => {
    const server = compatibleServer();
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === '/set') response.setHeader('Alt-Svc', 'clear').end();
      else response.writeHead(200, { 'Alt-Svc': 'clear' }).end();
    });
    const { port } = await startSibling(server);
    const session = openHttp2(port);
    for (const path of ['/set', '/head']) {
      expect((await fetchHttp2(session, path)).headers['alt-svc']).toBe('clear');
      expect((await fetchHttp1(port, { path })).headers['alt-svc']).toBe('clear');
    }
  });

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    [
      'respond',
      (stream) => {
        stream.respond({ 'x-a': 'b' });
        stream.end('x');
      },
    ],
    [
      'respond without headers',
      (stream) => {
        stream.respond();
        stream.end('x');
      },
    ],
    ['a write alone', (stream) => void stream.end('x')],
    [
      'several corked writes',
      (stream) => {
        stream.cork();
        stream.write('x');
        stream.write('y');
        stream.end();
      },
    ],
    ['a file', (stream) => stream.respondWithFile(import.meta.filename)],
  ])("adds Alt-Svc to a 'stream' listener's response by %s", async (_how, answer) => {
    const { port } = await startSibling(new EventEmitter().on('stream', answer));
    const { status, headers } = await fetchHttp2(openHttp2(port));
    expect(status).toBe(200);
    expect(headers['alt-svc']).toBe(`h3=":${port}"; ma=86400`);
  });

  it('answers 505 where nobody listens', async () => {
    const { port } = await startSibling(new EventEmitter(), { altSvcMaxAge: 60 });
    const first = await fetchHttp1(port);
    expect(first.status).toBe(505);
    expect(first.headers['alt-svc']).toBe(`h3=":${port}"; ma=60`);
    expect((await fetchHttp2(openHttp2(port))).status).toBe(505);
  });

  it('has no HTTP/1.1 where it is switched off', async () => {
    const { port } = await startSibling(new EventEmitter(), { allowHTTP1: false });
    expect((await fetchHttp1(port)).status).toBe(403);
    expect((await fetchHttp2(openHttp2(port))).status).toBe(505);
  });

  it('asks for continuation as node:http does', async () => {
    const server = compatibleServer();
    server.on('request', (_request: IncomingMessage, response: ServerResponse) => response.end('served'));
    const { port } = await startSibling(server);
    const headers = { expect: '100-continue' };
    expect((await fetchHttp1(port, { method: 'POST', headers })).body).toBe('served');
    server.on('checkContinue', (_request: IncomingMessage, response: ServerResponse) => response.writeHead(413).end());
    expect((await fetchHttp1(port, { method: 'POST', headers })).status).toBe(413);
    expect((await fetchHttp1(port, { method: 'POST', headers: { expect: 'miracles' } })).status).toBe(417);
  });

  it('takes certificates by name, from a callback, and new ones while it listens', async () => {
    const ca = await makeCa();
    const made = async (host: string): Promise<CredentialOptions> => {
      const { chainPem, keyPem } = await makeCert({ ca, hosts: [host] });
      return { cert: chainPem, key: keyPem };
    };
    const called = await made('called.test');
    const names: string[] = [];
    const { sibling, port } = await startSibling(compatibleServer(), true, (name, answer) => {
      names.push(name);
      if (name === 'broken.test') answer(new Error('no such name'));
      else if (name === 'called.test') answer(null, called);
      else answer(null);
    });
    const commonName = async (servername: string): Promise<string | undefined> => {
      const socket: TLSSocket = tlsConnect({ host: HOST, port, servername, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN as string;
    };
    expect(await commonName('called.test')).toBe('called.test');
    expect(await commonName('other.test')).toBe('localhost');
    await expect(commonName('broken.test')).rejects.toThrow();
    expect(names).toEqual(['called.test', 'other.test', 'broken.test']);
    sibling.setCredentials(await made('new.test'));
    expect(await commonName('other.test')).toBe('new.test');
  });

  it('finds the certificate of a name added later', async () => {
    const { sibling, port } = await startSibling(compatibleServer());
    const { certPem, keyPem } = await makeCert({ hosts: ['added.test'] });
    sibling.addContext('added.test', { cert: certPem, key: keyPem });
    const socket = tlsConnect({ host: HOST, port, servername: 'added.test', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    expect(socket.getPeerCertificate().subject.CN).toBe('added.test');
    socket.destroy();
  });

  it('closes when open requests are answered, and takes no new ones', async () => {
    const server = compatibleServer();
    const open: ServerResponse[] = [];
    server.on('request', (_request: IncomingMessage, response: ServerResponse) => open.push(response));
    const { sibling, port } = await startSibling(server);
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const answers = [fetchHttp2(openHttp2(port)), fetchHttp1(port, { agent })];
    await waitUntil('both requests', () => open.length === 2);
    let closed = false;
    const closing = sibling.close().then(() => {
      closed = true;
    });
    const refused = new Socket().connect(port, HOST);
    await once(refused, 'error');
    expect(closed).toBe(false);
    for (const response of open) response.end('late');
    for (const { body } of await Promise.all(answers)) expect(body).toBe('late');
    await closing;
  });

  it('ends everything at once when destroyed', async () => {
    const server = compatibleServer();
    let requests = 0;
    server.on('request', () => {
      requests += 1;
    });
    const { sibling, port } = await startSibling(server);
    const session = openHttp2(port);
    const stream = session.request();
    const ends = Promise.allSettled([fetchHttp1(port), once(stream, 'close'), once(session, 'close')]);
    await waitUntil('both requests', () => requests === 2);
    sibling.destroy();
    const [first] = await ends;
    expect(first.status).toBe('rejected');
    expect(stream.destroyed).toBe(true);
    await sibling.close();
  });

  it('fails to listen on a port that is taken', async () => {
    const { sibling } = await startSibling(compatibleServer());
    const { port } = sibling.server.address() as AddressInfo;
    const second = new TcpSibling(new EventEmitter(), { allowHTTP1: true, altSvcMaxAge: 1 }, credentials, undefined);
    await expect(second.listen(port, HOST)).rejects.toThrow(/EADDRINUSE/);
    await second.close();
  });
});
