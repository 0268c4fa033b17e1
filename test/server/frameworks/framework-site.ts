import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttp1 } from 'node:https';
import { expect, onTestFinished } from 'vitest';
import type { ClientHttp3Stream } from '../../../src/index.js';
import { connect } from '../../../src/index.js';
import {
  createSecureServer,
  type Http3SecureServer,
  type RequestListener,
  type ServerOptions,
} from '../../../src/server/index.js';
import { settle } from '../../support/settlement.js';
import { bodySha256 } from '../../support/site-files.js';
import { listening, testIdentity } from '../support/served.js';

export const PAGE = '<!doctype html><title>Served by a framework</title>';
export const DOWNLOAD_BYTES = 100 * 1024 * 1024;
/** What each framework's echo adds to the JSON that it parsed. */
export const ECHO = { echoed: true };
const ALT_SVC_MAX_AGE = 60;
const POSTED = { name: 'h\u00e9llo', list: [1, 2, 3], nested: { deep: 'x'.repeat(50_000) } };

/** Options of the servers, also of those that a framework makes. */
export async function serverOptions(): Promise<ServerOptions> {
  const { certificate } = await testIdentity();
  return { cert: certificate.certPem, key: certificate.keyPem, tcp: { altSvcMaxAge: ALT_SVC_MAX_AGE } };
}

export async function makeServer(onRequest: RequestListener): Promise<Http3SecureServer> {
  return createSecureServer(await serverOptions(), onRequest);
}

/**
 * Uses an application over HTTP/3: `GET /` is {@link PAGE}, `POST /echo` answers with the JSON it got and {@link ECHO},
 * `GET /download` is `generateBody(DOWNLOAD_BYTES)`, `GET /none` is nothing.
 */
export async function expectSite(server: Http3SecureServer): Promise<void> {
  const port = server.address()?.port ?? (await listening(server));
  const { ca } = await testIdentity();
  const session = connect(`https://127.0.0.1:${port}`, { ca });
  onTestFinished(() => session.destroy());

  const page = await settle(session.request({ ':path': '/' }));
  expect(page.headers).toMatchObject({
    ':status': 200,
    'content-type': expect.stringContaining('text/html') as string,
  });
  expect(page.body.toString()).toBe(PAGE);

  const head = await settle(session.request({ ':method': 'HEAD', ':path': '/' }));
  expect(head.headers?.[':status']).toBe(200);
  expect(head.bytes).toBe(0);

  for (const withLength of [true, false]) {
    const echo = await settle(post(session.request(jsonHeaders(withLength))));
    expect(echo.headers?.[':status']).toBe(200);
    expect(JSON.parse(echo.body.toString())).toEqual({ ...POSTED, ...ECHO });
  }

  const download = await settle(session.request({ ':path': '/download' }));
  expect(download.error).toBeUndefined();
  expect(download.headers?.[':status']).toBe(200);
  expect(download).toMatchObject({ bytes: DOWNLOAD_BYTES, sha256: bodySha256(DOWNLOAD_BYTES) });

  expect((await settle(session.request({ ':path': '/none' }))).headers?.[':status']).toBe(404);
}

/** The same application, over HTTP/2 and HTTP/1.1 on the TCP port of the same number: a page and a JSON post. */
export async function expectSiteOverTcp(server: Http3SecureServer): Promise<void> {
  const { ca } = await testIdentity();
  const port = server.address()?.port ?? 0;
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca });
  onTestFinished(() => session.destroy());
  const overHttp2 = (stream: unknown) => settle(stream as ClientHttp3Stream);
  const page = await overHttp2(session.request({ ':path': '/' }));
  expect(page.body.toString()).toBe(PAGE);
  expect(page.headers?.['alt-svc']).toBe(`h3=":${port}"; ma=${ALT_SVC_MAX_AGE}`);
  const echo = await overHttp2(session.request(jsonHeaders(false)).end(JSON.stringify(POSTED)));
  expect(JSON.parse(echo.body.toString())).toEqual({ ...POSTED, ...ECHO });

  const request = requestHttp1({ host: '127.0.0.1', port, ca, agent: false }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.headers['alt-svc']).toBe(`h3=":${port}"; ma=${ALT_SVC_MAX_AGE}`);
  expect((await response.toArray()).join('')).toBe(PAGE);
}

function jsonHeaders(withLength: boolean): Record<string, string | number> {
  return {
    ':method': 'POST',
    ':path': '/echo',
    'content-type': 'application/json',
    ...(withLength && { 'content-length': Buffer.byteLength(JSON.stringify(POSTED)) }),
  };
}

function post(stream: ClientHttp3Stream): ClientHttp3Stream {
  return stream.end(JSON.stringify(POSTED));
}
