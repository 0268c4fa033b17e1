import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Http3Agent } from '../../src/client/dispatcher/http3-agent.js';
import { type BoundFetch, createFetch } from '../../src/client/fetch/fetch.js';
import { getConnectionInfo } from '../../src/client/fetch/response-info.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { expectNoNativeObjects, makeIdentity, type TestIdentity } from '../support/client.js';
import { OriginServer } from '../support/origin-server.js';
import { bodySha256 } from '../support/site-files.js';
import { OVER_H3, PROTOCOL } from './support/fetch-peer.js';

const MIB = 1024 * 1024;

/** Caddy, which is quic-go, before an HTTP/1.1 server. */
describe('over Caddy', () => {
  let identity: TestIdentity;
  let upstream: OriginServer;
  let caddy: Caddy;
  let fetch: BoundFetch;

  beforeAll(async () => {
    identity = await makeIdentity();
    upstream = await OriginServer.start();
    caddy = await startCaddy({
      certificate: identity.certificate,
      routes: [
        { path: '/moved', redirect: { to: '/echo', status: 308 } },
        { path: '/*', proxyTo: upstream },
      ],
    });
    fetch = createFetch(new Http3Agent({ protocol: PROTOCOL, connect: { ca: identity.ca } }));
  });

  afterAll(async () => {
    await fetch.agent.destroy();
    await Promise.all([caddy.stop(), upstream.close()]);
    await expectNoNativeObjects();
  });

  it('downloads whole', async () => {
    const response = await fetch(`${caddy.origin}/bytes?length=${5 * MIB}&seed=3`);
    if (OVER_H3) expect(getConnectionInfo(response)?.protocol).toBe('h3');
    const hash = createHash('sha256');
    for await (const chunk of response.body ?? []) hash.update(chunk as Uint8Array);
    expect(hash.digest('hex')).toBe(bodySha256(5 * MIB, 3));
  });

  it('uploads a stream whole', async () => {
    const block = Buffer.alloc(64 * 1024, 'block');
    async function* blocks(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 64; index += 1) yield block;
    }
    // Caddy 2.6 drops a request body without content-length.
    const headers = { 'content-length': String(4 * MIB) };
    const init = { method: 'POST', headers, body: blocks(), duplex: 'half' as const };
    const response = await fetch(`${caddy.origin}/digest`, init);
    const sha256 = createHash('sha256')
      .update(Buffer.alloc(4 * MIB, block))
      .digest('hex');
    expect(await response.json()).toEqual({ bytes: 4 * MIB, sha256 });
  });

  it('a 308 repeats FormData', async () => {
    const form = new FormData();
    form.set('file', new File(['content'], 'name'));
    const response = await fetch(`${caddy.origin}/moved`, { method: 'POST', body: form });
    expect(((await response.formData()).get('file') as File).name).toBe('name');
  });

  it('103, trailers and statuses without a body', async () => {
    expect(await (await fetch(`${caddy.origin}/early-hints`)).text()).toBe('final');
    expect(await (await fetch(`${caddy.origin}/trailers`)).text()).toBe('body');
    for (const code of [204, 304]) expect((await fetch(`${caddy.origin}/status?code=${code}`)).body).toBeNull();
    expect(await (await fetch(`${caddy.origin}/bytes?length=10`, { method: 'HEAD' })).text()).toBe('');
  });

  it('a body that breaks off is an error', async () => {
    const response = await fetch(`${caddy.origin}/abort?after=1000`);
    await expect(response.arrayBuffer()).rejects.toMatchObject({ name: 'TypeError', message: 'terminated' });
  });

  it('an abort in the middle spares the others', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const slow = await fetch(`${caddy.origin}/slow-write?count=1000&length=10&interval=10`, { signal });
    const others = Array.from({ length: 50 }, (_, index) => fetch(`${caddy.origin}/bytes?length=1000&seed=${index}`));
    controller.abort();
    await expect(slow.text()).rejects.toMatchObject({ name: 'AbortError' });
    for (const other of await Promise.all(others)) expect((await other.arrayBuffer()).byteLength).toBe(1000);
  });
});
