import { connect as connectHttp2 } from 'node:http2';
import { isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/index.js';
import { createSecureServer } from '../../src/server/index.js';
import { parseListenCall } from '../../src/server/listen-options.js';
import { fetchBytes } from '../support/settlement.js';
import { event, serve, testIdentity } from './support/served.js';

describe('listen', () => {
  it('says when the port is taken, and can be tried again', async () => {
    const { port } = await serve();
    const { certificate } = await testIdentity();
    const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem });
    const failed = event(server, 'error');
    server.listen(port, '127.0.0.1');
    expect((await failed)[0]).toMatchObject({ code: 'EADDRINUSE' });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(server.address()).toMatchObject({ address: '127.0.0.1', family: 'IPv4' });
    await server[Symbol.asyncDispose]();
  });

  it('on all addresses serves IPv6 and IPv4', async () => {
    const { ca, certificate } = await testIdentity();
    const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem });
    server.on('stream', (stream) => stream.end(isIPv6(stream.session.remoteAddress) ? 'IPv6' : 'IPv4'));
    await new Promise<void>((resolve) => server.listen(resolve));
    const port = server.address()?.port;
    for (const host of ['127.0.0.1', '[::1]']) {
      const session = connect(`https://${host}:${port}`, { ca });
      expect((await fetchBytes(session)).bytes).toBe(4);
      await session.close();
    }
    await server[Symbol.asyncDispose]();
  });

  it('resolves names, and says when there is none', async () => {
    const { certificate } = await testIdentity();
    const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    expect(['127.0.0.1', '::1']).toContain(server.address()?.address);
    await server[Symbol.asyncDispose]();
    const failed = event(server, 'error');
    server.listen(0, 'nobody.invalid');
    expect((await failed)[0]).toMatchObject({ syscall: 'getaddrinfo' });
  });

  it('can be closed while it is about to begin', async () => {
    const { certificate } = await testIdentity();
    const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem });
    server.on('listening', () => expect.unreachable());
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.close(resolve));
    expect(server.address()).toBeNull();
  });

  it('with option tcp serves HTTP/2 on the same port, which names HTTP/3', async () => {
    const { ca, certificate } = await testIdentity();
    const { port, connect: connectHttp3 } = await serve(
      { key: certificate.keyPem, cert: certificate.certPem, tcp: true },
      (stream) => stream.end('x'),
    );
    expect((await fetchBytes(connectHttp3())).bytes).toBe(1);
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca });
    const stream = session.request();
    const [headers] = await event(stream, 'response');
    expect(headers).toMatchObject({ ':status': 200, 'alt-svc': `h3=":${port}"; ma=86400` });
    session.close();
    stream.resume();
  });
});

describe('the arguments of listen', () => {
  const callback = (): void => undefined;
  it.each<[unknown[], object]>([
    [[], { port: 0, host: undefined, callback: undefined }],
    [[callback], { port: 0, callback }],
    [[8443, callback], { port: 8443, host: undefined, callback }],
    [['8443', '::1', 511, callback], { port: 8443, host: '::1', callback }],
    [[{ port: 1, host: 'localhost', ipv6Only: true, reusePort: true }], { port: 1, ipv6Only: true, reusePort: true }],
  ])('%j', (args, expected) => {
    expect(parseListenCall(args)).toMatchObject(expected);
  });

  it.each([
    [[-1], 'port'],
    [['http'], 'port'],
    [[{ path: '/run/socket' }], 'path'],
    [[{ host: '' }], 'host'],
    [[{ reusePort: 1 }], 'reusePort'],
  ])('%j is refused', (args, name) => {
    expect(() => parseListenCall(args)).toThrow(expect.objectContaining({ message: expect.stringContaining(name) }));
  });
});
