import { Readable } from 'node:stream';
import { createAdaptorServer, getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createSecureServer, Http3SecureServer, type RequestListener } from '../../../src/server/index.js';
import { generateBody } from '../../support/site-files.js';
import {
  DOWNLOAD_BYTES,
  ECHO,
  expectSite,
  expectSiteOverTcp,
  makeServer,
  PAGE,
  serverOptions,
} from './framework-site.js';

function makeApp(): Hono {
  const app = new Hono();
  app.get('/', (context) => {
    expect(new URL(context.req.url).protocol).toBe('https:');
    expect(context.req.header('host')).toMatch(/^127\.0\.0\.1:/);
    return context.html(PAGE);
  });
  app.post('/echo', async (context) => context.json({ ...(await context.req.json<object>()), ...ECHO }));
  app.get('/download', () => {
    const body = Readable.toWeb(Readable.from(generateBody(DOWNLOAD_BYTES))) as ReadableStream;
    return new Response(body, { headers: { 'content-type': 'application/octet-stream' } });
  });
  return app;
}

describe('Hono serves a page, a JSON post and a download', () => {
  it('by getRequestListener', async () => {
    const listener = getRequestListener(makeApp().fetch) as unknown as RequestListener;
    const server = await makeServer(listener);
    await expectSite(server);
    await expectSiteOverTcp(server);
  });

  it('by createAdaptorServer, which makes the server', async () => {
    const server: unknown = createAdaptorServer({
      fetch: makeApp().fetch,
      createServer: createSecureServer as never,
      serverOptions: (await serverOptions()) as never,
    });
    if (!(server instanceof Http3SecureServer)) throw new Error('another server than ours');
    await expectSite(server);
  });
});
