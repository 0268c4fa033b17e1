import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type AioquicResponse, runAioquicClient } from '../support/aioquic-client.js';
import { type Caddy, type CaddyOptions, caddyVersion, startCaddy } from '../support/caddy.js';
import { type IssuedCertificate, makeCa, makeCert } from '../support/certs.js';
import { ImpairmentProxy } from '../support/impairment-proxy.js';
import { OriginServer } from '../support/origin-server.js';
import { bodySha256 } from '../support/site-files.js';

/** The body that aioquic's client sends. */
const POST_BYTES = 500_000;
const POST_SHA256 = createHash('sha256')
  .update(Buffer.from(Array.from({ length: POST_BYTES }, (_, index) => index % 251)))
  .digest('hex');

let directory: string;
let caFile: string;
let certificate: { certPem: string; keyPem: string };
let root: IssuedCertificate;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'necko-http3-test-'));
  root = await makeCa();
  const intermediate = await makeCa({ ca: root });
  const leaf = await makeCert({ ca: intermediate, hosts: ['localhost'], ips: ['127.0.0.1', '::1'] });
  certificate = { certPem: leaf.chainPem, keyPem: leaf.keyPem };
  caFile = join(directory, 'ca.pem');
  await writeFile(caFile, root.certPem);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function start(options: Omit<CaddyOptions, 'certificate'> = {}): Promise<Caddy> {
  const caddy = await startCaddy({ certificate, ...options });
  onTestFinished(() => caddy.stop());
  return caddy;
}

async function startOrigin(): Promise<OriginServer> {
  const origin = await OriginServer.start();
  onTestFinished(() => origin.close());
  return origin;
}

async function get(port: number, ...args: string[]): Promise<readonly AioquicResponse[]> {
  return (await runAioquicClient(port, ['--ca', caFile, ...args])).responses;
}

function field(response: AioquicResponse | undefined, name: string, section = 0): string | undefined {
  return response?.sections[section]?.find(([key]) => key === name)?.[1];
}

describe('Caddy', () => {
  test('serves files, responses and redirects over HTTP/3, with the intermediate certificate', async () => {
    const caddy = await start({
      files: { empty: 0, 'one-byte': 1, 'a.bin': 3_000_000 },
      headers: { 'x-peer': 'caddy' },
      routes: [
        { path: '/hello', respond: { body: 'hi', status: 203, headers: { 'x-more': '1' } } },
        { path: '/go', redirect: { to: '/hello', status: 307 } },
      ],
    });
    const [empty, oneByte, large, hello, go, none] = await get(
      caddy.port,
      ...['/empty', '/one-byte', '/a.bin', '/hello', '/go', '/none'],
    );
    expect(empty).toMatchObject({ bytes: 0, sha256: bodySha256(0) });
    expect(oneByte).toMatchObject({ bytes: 1, sha256: bodySha256(1) });
    expect(large).toMatchObject(caddy.files['a.bin'] ?? {});
    expect(large?.sha256).toBe(bodySha256(3_000_000));
    expect([field(hello, ':status'), field(hello, 'x-more'), field(hello, 'x-peer')]).toEqual(['203', '1', 'caddy']);
    expect([field(go, ':status'), field(go, 'location')]).toEqual(['307', '/hello']);
    expect(field(none, ':status')).toBe('404');
  });

  test('passes uploads with a content-length on to the origin; without one none of the body arrives', async () => {
    const origin = await startOrigin();
    const caddy = await start({ routes: [{ path: '/up/*', proxyTo: origin, stripPrefix: '/up' }] });
    const post = ['--body-bytes', String(POST_BYTES)];
    const [echoed, digested] = await get(caddy.port, ...post, '/up/echo?id=a', '/up/digest?id=a');
    expect(echoed).toMatchObject({ bytes: POST_BYTES, sha256: POST_SHA256 });
    expect(field(digested, ':status')).toBe('200');
    expect(await origin.bytesRead()).toBe(2 * POST_BYTES);
    expect(await origin.counts()).toEqual({ a: 2 });

    // A known fault of this Caddy: tests that stream uploads of unknown length need another server.
    const [lost] = await get(caddy.port, ...post, '--without-length', '/up/echo');
    expect(lost).toMatchObject({ bytes: 0 });
  });

  test('passes 103 on, drops trailers, and ends the stream without an error when the origin breaks off', async () => {
    const origin = await startOrigin();
    const caddy = await start({ routes: [{ path: '/up/*', proxyTo: origin, stripPrefix: '/up' }] });
    const [hints, trailers] = await get(caddy.port, '/up/early-hints', '/up/trailers');
    expect([field(hints, ':status'), field(hints, 'link')]).toEqual(['103', '</style.css>; rel=preload; as=style']);
    expect(field(hints, ':status', 1)).toBe('200');
    expect(trailers?.sections).toHaveLength(1);

    // aioquic notices by the content-length: H3_MESSAGE_ERROR.
    const [broken] = await get(caddy.port, '/up/abort?after=5000');
    expect(broken).toMatchObject({ bytes: 5000, closed: 0x10e });
  });

  test('accepts 0-RTT, and rejects it after a restart', async () => {
    const routes = [{ path: '/hello', respond: { body: 'hi' } }];
    const caddy = await start({ routes });
    const ticket = ['--ca', caFile, '--ticket', join(directory, 'caddy.ticket')];
    expect(await runAioquicClient(caddy.port, [...ticket, '/hello'])).toMatchObject({ resumed: false });
    expect(await runAioquicClient(caddy.port, [...ticket, '/hello'])).toMatchObject({ resumed: true, earlyData: true });
    await caddy.stop();
    const restarted = await start({ routes, port: caddy.port });
    expect(await runAioquicClient(restarted.port, [...ticket, '/hello'])).toMatchObject({
      resumed: false,
      earlyData: false,
      responses: [{ bytes: 2 }],
    });
  });

  test('has the limits that the README of the test support tells', async () => {
    const caddy = await start();
    expect(await caddyVersion()).toBe('2.6.2');
    const { limits } = await runAioquicClient(caddy.port, ['/']);
    expect(limits).toEqual({
      maxStreamsBidi: 100,
      maxStreamsUni: 100,
      maxData: 768 * 1024,
      maxStreamData: 512 * 1024,
      idleTimeoutMs: 30_000,
      datagrams: false,
    });
  });

  test('listens on IPv6 as well', async () => {
    const caddy = await start({ hosts: ['::1', '127.0.0.1'], files: { 'a.bin': 1000 } });
    expect(caddy.origin).toBe(`https://[::1]:${caddy.port}`);
    for (const host of ['::1', '127.0.0.1']) {
      const [response] = await get(caddy.port, '--host', host, '/a.bin');
      expect(response).toMatchObject(caddy.files['a.bin'] ?? {});
    }
  });

  test('serves through the impairment proxy in spite of loss, reordering, duplication and corruption', async () => {
    const caddy = await start({ files: { 'a.bin': 300_000 } });
    const impairment = { loss: 0.05, reorder: 0.05, duplicate: 0.05, corrupt: 0.02 };
    const proxy = await ImpairmentProxy.start({
      target: { host: '127.0.0.1', port: caddy.port },
      seed: 5,
      up: impairment,
      down: impairment,
    });
    onTestFinished(() => proxy.close());
    const [response] = await get(proxy.port, '/a.bin');
    expect(response).toMatchObject(caddy.files['a.bin'] ?? {});
    expect((await proxy.counters()).down.lost).toBeGreaterThan(0);
  });
});

describe('startCaddy', () => {
  test('fails with what Caddy wrote', async () => {
    const broken = { certPem: certificate.certPem, keyPem: (await makeCert()).keyPem };
    await expect(startCaddy({ certificate: broken })).rejects.toThrow(/private key does not match/);
  });

  test('stops and kills the process', async () => {
    for (const end of ['stop', 'kill'] as const) {
      const caddy = await startCaddy({ certificate });
      await caddy[end]();
      expect(() => process.kill(caddy.pid, 0)).toThrow('ESRCH');
    }
  });
});
