import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { WebTransportRequest } from '../../../src/server/index.js';
import { WebTransport } from '../../../src/webtransport.js';
import { serve, testIdentity } from '../../server/support/served.js';
import { makeCert } from '../../support/certs.js';
import { findFreePort } from '../../support/free-port.js';
import { bindUdpSocket } from '../../support/udp-socket.js';
import { waitUntil } from '../../support/wait-until.js';
import { failureOf, openTransport, serveTransports } from './support/opened.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const SESSION_FAILURE = { name: 'WebTransportError', source: 'session' };

/** `ready` and `closed` have to reject with the same object. */
async function setupFailure(transport: WebTransport): Promise<Awaited<ReturnType<typeof failureOf>>> {
  const failure = await failureOf(transport.ready);
  const [ready, closed] = await Promise.allSettled([transport.ready, transport.closed]);
  expect((closed as PromiseRejectedResult).reason).toBe((ready as PromiseRejectedResult).reason);
  return failure;
}

async function shortLived(from = -DAY_MS, to = 5 * DAY_MS) {
  const now = Date.now();
  const options = { hosts: ['elsewhere.example'], notBefore: new Date(now + from), notAfter: new Date(now + to) };
  const { certPem, keyPem, der } = await makeCert(options);
  return { credential: { cert: certPem, key: keyPem }, value: createHash('sha256').update(der).digest() };
}

describe('a session', () => {
  it('is ready when the server has accepted it, and tells what the server answered', async () => {
    const requests: WebTransportRequest[] = [];
    const { open, port } = await serveTransports((request) => {
      requests.push(request);
      request.accept({ protocol: 'b2', headers: { 'x-answer': 'yes' } });
    });
    const transport = open('/chat?room=1', { protocols: ['a1', 'b2'], headers: { 'X-Question': 'why' } });
    expect(transport.reliability).toBe('pending');
    await transport.ready;
    expect(transport.reliability).toBe('supports-unreliable');
    expect(transport.protocol).toBe('b2');
    expect(transport.responseHeaders?.get('x-answer')).toBe('yes');
    expect(requests[0]?.headers).toMatchObject({
      ':method': 'CONNECT',
      ':scheme': 'https',
      ':authority': `127.0.0.1:${port}`,
      ':path': '/chat?room=1',
      'x-question': 'why',
    });
    expect(requests[0]?.protocols).toEqual(['a1', 'b2']);
    expect(requests[0]?.origin).toBeUndefined();
  });

  it.each([200, 204, 299])('is accepted by status %i', async (status) => {
    const { open } = await serveTransports((request) => void request.accept({ status }));
    await open().ready;
  });

  it('says the origin that its user says', async () => {
    const origins: (string | undefined)[] = [];
    const { open } = await serveTransports((request) => {
      origins.push(request.origin);
      request.accept();
    });
    await open('/', { headers: { origin: 'https://page.example' } }).ready;
    expect(origins).toEqual(['https://page.example']);
  });

  it('goes through a lookup, and verifies the name that was asked for', async () => {
    const { port, ca } = await serveTransports();
    const lookup = (
      _host: string,
      _options: unknown,
      done: (error: null, addresses: [{ address: string; family: 4 }]) => void,
    ) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    await openTransport(`https://localhost:${port}/`, ca, { connection: { lookup } }).ready;
    const other = openTransport(`https://elsewhere.example:${port}/`, ca, { connection: { lookup } });
    expect(await setupFailure(other)).toMatchObject({ ...SESSION_FAILURE, code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await openTransport(`https://elsewhere.example:${port}/`, ca, { connection: { lookup, servername: 'localhost' } })
      .ready;
  });
});

describe('a session fails before it is ready', () => {
  it.each([301, 404, 403, 503])('with status %i, which is not followed', async (status) => {
    let asked = 0;
    const { open } = await serveTransports((request) => {
      asked += 1;
      request.reject(status, { location: '/elsewhere' });
    });
    const failure = await setupFailure(open());
    expect(failure).toMatchObject({ ...SESSION_FAILURE, code: 'ERR_WEBTRANSPORT_REJECTED' });
    expect(failure.message).toContain(String(status));
    expect(asked).toBe(1);
  });

  it('if the server has no WebTransport', async () => {
    const { origin, ca } = await serve();
    expect(await setupFailure(openTransport(origin, ca))).toMatchObject({
      ...SESSION_FAILURE,
      code: 'ERR_WEBTRANSPORT_UNSUPPORTED',
    });
  });

  it('if nobody listens', async () => {
    const transport = openTransport(`https://127.0.0.1:${await findFreePort('127.0.0.1')}`, (await testIdentity()).ca);
    expect(await setupFailure(transport)).toMatchObject({ ...SESSION_FAILURE, code: 'ECONNREFUSED' });
  });

  it('if nobody answers in time', async () => {
    const silent = await bindUdpSocket('127.0.0.1', 0);
    const { ca } = await testIdentity();
    const transport = openTransport(`https://127.0.0.1:${silent.address().port}`, ca, {
      connection: { connectTimeout: 200 },
    });
    expect(await setupFailure(transport)).toMatchObject({ ...SESSION_FAILURE, code: 'UND_ERR_CONNECT_TIMEOUT' });
    silent.close();
  });

  it('if the name cannot be resolved', async () => {
    const error = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    const transport = openTransport('https://nowhere.invalid', (await testIdentity()).ca, {
      connection: { lookup: (_host, _options, done) => done(error, []) },
    });
    expect(await setupFailure(transport)).toMatchObject({ ...SESSION_FAILURE, code: 'ENOTFOUND' });
  });

  it.each([0, 25, 6667])('for port %i, which Fetch blocks', async (port) => {
    const transport = openTransport(`https://127.0.0.1:${port}`, (await testIdentity()).ca);
    expect(await setupFailure(transport)).toMatchObject({ ...SESSION_FAILURE, code: 'ERR_WEBTRANSPORT_BAD_PORT' });
  });

  it('for an option that cannot be used', async () => {
    const transport = openTransport('https://127.0.0.1', (await testIdentity()).ca, {
      connection: { localAddress: 'nowhere' },
    });
    expect(await setupFailure(transport)).toMatchObject({ ...SESSION_FAILURE, code: 'UND_ERR_INVALID_ARG' });
  });

  it('if the certificate is not trusted', async () => {
    const { origin } = await serveTransports();
    const transport = openTransport(origin, (await makeCert({ isCa: true })).certPem);
    const { source, code } = await setupFailure(transport);
    expect({ source, code }).toEqual({ source: 'session', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });
});

describe('serverCertificateHashes', () => {
  it('accept a certificate that no anchor vouches for, and names nobody', async () => {
    const { credential, value } = await shortLived();
    const { origin } = await serveTransports(undefined, credential);
    const other = { algorithm: 'sha-256', value: createHash('sha256').update('another').digest() };
    const transport = new WebTransport(origin, { serverCertificateHashes: [other, { algorithm: 'sha-256', value }] });
    await transport.ready;
    transport.close();
    await transport.closed;
  });

  it.each([
    ['of another certificate', 'sha-256', Buffer.alloc(32), 'ERR_WEBTRANSPORT_CERTIFICATE_HASH'],
    ['of an unknown algorithm', 'sha-512', undefined, 'ERR_WEBTRANSPORT_CERTIFICATE_HASH'],
  ])('refuse with a hash %s', async (_, algorithm, wrong, code) => {
    const { credential, value } = await shortLived();
    const { origin, ca } = await serveTransports(undefined, credential);
    const serverCertificateHashes = [{ algorithm, value: wrong ?? value }];
    expect(await setupFailure(openTransport(origin, ca, { serverCertificateHashes }))).toMatchObject({ code });
  });

  it('refuse a certificate that its issuer vouches for, if the hash is another', async () => {
    const { open } = await serveTransports();
    const serverCertificateHashes = [{ algorithm: 'sha-256', value: Buffer.alloc(32) }];
    expect(await setupFailure(open('/', { serverCertificateHashes }))).toMatchObject({
      code: 'ERR_WEBTRANSPORT_CERTIFICATE_HASH',
    });
  });

  it.each([
    ['expired', -2 * DAY_MS, -DAY_MS, 'CERT_HAS_EXPIRED'],
    ['not yet valid', DAY_MS, 2 * DAY_MS, 'CERT_NOT_YET_VALID'],
    ['valid for too long', -DAY_MS, 14 * DAY_MS, 'ERR_WEBTRANSPORT_CERTIFICATE_LIFETIME'],
  ])('refuse a certificate that is %s', async (_, from, to, code) => {
    const { credential, value } = await shortLived(from, to);
    const { origin, ca } = await serveTransports(undefined, credential);
    const serverCertificateHashes = [{ algorithm: 'sha-256', value }];
    expect(await setupFailure(openTransport(origin, ca, { serverCertificateHashes }))).toMatchObject({ code });
  });
});

describe('close() before a session is ready', () => {
  it('fails it at once, at any step', async () => {
    const { open } = await serveTransports();
    // From the same turn to beyond the answer of the server.
    for (let turns = 0; turns < 40; turns += 1) {
      const transport = open();
      const settled = transport.ready.then(
        () => 'ready',
        () => 'failed',
      );
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      transport.close({ closeCode: 7, reason: 'changed my mind' });
      if ((await settled) === 'failed') {
        expect(await failureOf(transport.closed)).toMatchObject({ source: 'session', code: undefined });
      } else expect(await transport.closed).toEqual({ closeCode: 7, reason: 'changed my mind' });
    }
  });

  it('tells the server that nobody waits for its answer', async () => {
    const requests: WebTransportRequest[] = [];
    const { open } = await serveTransports((request) => requests.push(request));
    const transport = open();
    await waitUntil('the request', () => requests.length > 0);
    transport.close();
    await waitUntil('its end', () => requests[0]?.aborted === true);
  });
});
