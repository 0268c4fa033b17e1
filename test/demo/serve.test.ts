import { createHash, type X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ClientHttp3Session, OutgoingHeaders } from '../../src/index.js';
import { Chromium } from '../support/chromium.js';
import { makeIdentity, openSession } from '../support/client.js';
import { runModule } from '../support/run-child.js';
import { settle } from '../support/settlement.js';
import { generateBody } from '../support/site-files.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { waitUntil } from '../support/wait-until.js';
import { DEMO, type ServeProcess, startServe } from './serve-process.js';

const MAX_DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1000;
const PAGE = '<!doctype html><title>A page</title><link rel="stylesheet" href="style.css"><p>Text</p>';
const BIG_BYTES = 8 * 1024 * 1024;

/** A folder with something of each kind, and a file beside it that nobody may get. */
async function makeFolder(): Promise<string> {
  const parent = await temporaryDirectory();
  const folder = join(parent, 'folder');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await mkdir(join(folder, 'empty'));
  await writeFile(join(parent, 'outside.txt'), 'secret');
  await writeFile(join(folder, 'hello.txt'), 'hello\n');
  await writeFile(join(folder, '.hidden'), 'secret');
  await writeFile(join(folder, 'big.bin'), Buffer.concat([...generateBody(BIG_BYTES)]));
  await writeFile(join(folder, 'sub', 'index.html'), PAGE);
  await writeFile(join(folder, 'sub', 'style.css'), 'p { color: rgb(1, 2, 3) }');
  await symlink('hello.txt', join(folder, 'link.txt'));
  return folder;
}

function open({ origin }: ServeProcess): ClientHttp3Session {
  return openSession(origin, { ca: '' }, { rejectUnauthorized: false });
}

function ask(session: ClientHttp3Session, path: string, headers: OutgoingHeaders = {}) {
  return settle(session.request({ ':path': path, ...headers }));
}

/** The certificate as TCP clients get it. */
async function certificateOf({ port }: ServeProcess): Promise<X509Certificate> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  if (certificate === undefined) throw new Error('no certificate');
  return certificate;
}

describe('npm run demo -- serve', () => {
  it('serves files over HTTP/3: types, ranges, validators, directories', async () => {
    const served = await startServe(await makeFolder());
    const session = open(served);
    const file = await ask(session, '/hello.txt');
    expect(file.headers).toMatchObject({ ':status': 200, 'content-type': 'text/plain; charset=utf-8' });
    expect(file.body.toString()).toBe('hello\n');
    expect((await ask(session, '/link.txt')).body.toString()).toBe('hello\n');

    const part = await ask(session, '/hello.txt', { range: 'bytes=1-2' });
    expect(part.headers).toMatchObject({ ':status': 206, 'content-range': 'bytes 1-2/6' });
    expect(part.body.toString()).toBe('el');
    expect((await ask(session, '/hello.txt', { range: 'bytes=9-' })).headers?.[':status']).toBe(416);
    const etag = String(file.headers?.etag);
    expect((await ask(session, '/hello.txt', { 'if-none-match': etag })).headers?.[':status']).toBe(304);

    const listing = await ask(session, '/');
    expect(listing.headers).toMatchObject({ ':status': 200, 'content-type': 'text/html; charset=utf-8' });
    expect(listing.body.toString()).toContain('hello.txt');
    expect(listing.body.toString()).not.toContain('.hidden');
    expect((await ask(session, '/empty/')).headers?.[':status']).toBe(200);
    expect((await ask(session, '/sub')).headers).toMatchObject({ ':status': 301, location: '/sub/' });
    expect((await ask(session, '/sub/')).body.toString()).toBe(PAGE);

    await waitUntil('the log', () => served.lines.includes('  HTTP/3    206 GET /hello.txt'));
    session.destroy();
  });

  it('gives nothing from outside the folder, and no hidden files', async () => {
    const served = await startServe(await makeFolder());
    const session = open(served);
    const paths = [
      '/../outside.txt',
      '/%2e%2e/outside.txt',
      '/sub/../../outside.txt',
      '/sub/..%2f..%2foutside.txt',
      '/..%5coutside.txt',
      '/%00',
      '/.hidden',
    ];
    for (const path of paths) {
      const { headers, body } = await ask(session, path);
      expect([path, headers?.[':status']]).toEqual([
        path,
        expect.toSatisfy((status) => [400, 403, 404].includes(status)),
      ]);
      expect(body.toString()).not.toContain('secret');
    }
    session.destroy();
  });

  it('serves HTTP/2 and HTTP/1.1 on the TCP port of the same number, which tell of HTTP/3', async () => {
    const served = await startServe(await makeFolder());
    const altSvc = `h3=":${served.port}"; ma=86400`;
    const session = connectHttp2(served.origin, { rejectUnauthorized: false });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': '/hello.txt' });
    const [headers] = await once(stream, 'response');
    expect(headers).toMatchObject({ ':status': 200, 'alt-svc': altSvc });
    stream.resume();
    await once(stream, 'close');

    const request = get(`${served.origin}/hello.txt`, { rejectUnauthorized: false, agent: false });
    const [response] = await once(request, 'response');
    expect(response.headers['alt-svc']).toBe(altSvc);
    expect((await response.toArray()).join('')).toBe('hello\n');
    for (const line of ['  HTTP/2    200 GET /hello.txt', '  HTTP/1.1  200 GET /hello.txt']) {
      await waitUntil('the log', () => served.lines.includes(line));
    }
  });

  it('says the hashes of its certificate, which serverCertificateHashes can use', async () => {
    const served = await startServe(await makeFolder());
    const certificate = await certificateOf(served);
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
    const spkiHash = createHash('sha256').update(spki).digest('base64');
    expect(served.instructions).toContain(createHash('sha256').update(certificate.raw).digest('hex'));
    expect(served.instructions).toContain(`--ignore-certificate-errors-spki-list=${spkiHash} `);
    expect(served.instructions).toContain(`--origin-to-force-quic-on=127.0.0.1:${served.port} `);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY_MS;
    expect(days).toBeLessThanOrEqual(MAX_DAYS);
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('localhost')).toBe('localhost');
  });

  it('uses a certificate of its user', async () => {
    const { ca, certificate } = await makeIdentity();
    const directory = await temporaryDirectory();
    const cert = join(directory, 'cert.pem');
    const key = join(directory, 'key.pem');
    await writeFile(cert, certificate.certPem);
    await writeFile(key, certificate.keyPem);
    const served = await startServe(await makeFolder(), ['--port', '0', '--cert', cert, '--key', key]);
    const session = openSession(served.origin, { ca });
    expect((await ask(session, '/hello.txt')).headers?.[':status']).toBe(200);
    expect(served.instructions).not.toContain('self-signed');
    session.destroy();
  });

  it('finishes open requests when it is interrupted', async () => {
    const served = await startServe(await makeFolder());
    const session = open(served);
    const stream = session.request({ ':path': '/big.bin' });
    await once(stream, 'response');
    served.kill('SIGINT');
    await waitUntil('the shutdown', () => served.lines.includes('Closing …'));
    expect(await settle(stream)).toMatchObject({ bytes: BIG_BYTES, error: undefined });
    await session.close();
    expect(await served.closed).toEqual([130, null]);
  });

  it('says so when the port is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    onTestFinished(() => void blocker.close());
    const { port } = blocker.address() as AddressInfo;
    const args = ['serve', await makeFolder(), '--port', String(port)];
    const { exitCode, stderr } = await runModule(DEMO, { args });
    expect(stderr).toBe(`\nDemo failed: port ${port} of 127.0.0.1 is in use; choose another with --port\n`);
    expect(exitCode).toBe(1);
  });

  it.each([
    [['/no/such/directory'], 'there is no directory /no/such/directory'],
    [[DEMO], `${DEMO} is not a directory`],
    [[], 'serve takes one directory'],
    [['.', '--port', '65536'], `--port: must be 0 to 65535, not '65536'`],
    [['.', '--cert', 'file'], '--cert and --key belong together'],
    [['.', '--cert', 'nowhere', '--key', 'nowhere'], `ENOENT: no such file or directory, open 'nowhere'`],
    [['.', '--loud'], `Unknown option '--loud'`],
  ])('says what is wrong with %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runModule(DEMO, { args: ['serve', ...args] });
    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });
});

describe('Chromium', () => {
  it('shows a served page over HTTP/3', async () => {
    const served = await startServe(await makeFolder());
    const trusted = [(await certificateOf(served)).toString()];
    const chromium = await Chromium.start({ quicOrigins: [`127.0.0.1:${served.port}`], trusted });
    onTestFinished(() => chromium.stop());
    const page = await chromium.newPage();
    await page.goto(`${served.origin}/sub/`);
    expect(await page.protocol()).toBe('h3');
    expect(await page.evaluate(`getComputedStyle(document.querySelector('p')).color`)).toBe('rgb(1, 2, 3)');
    await waitUntil('the log', () => served.lines.includes('  HTTP/3    200 GET /sub/'));
  });

  it('finds HTTP/3 by itself', async () => {
    const served = await startServe(await makeFolder());
    const chromium = await Chromium.start({ trusted: [(await certificateOf(served)).toString()] });
    onTestFinished(() => chromium.stop());
    const page = await chromium.newPage();
    await page.goto(`${served.origin}/`);
    expect(await page.protocol()).toBe('h2');
    await waitUntil('HTTP/3', async () => {
      await page.goto(`${served.origin}/sub/`);
      return (await page.protocol()) === 'h3';
    });
  });
});
