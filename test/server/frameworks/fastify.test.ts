import type { Server } from 'node:http';
import { Readable } from 'node:stream';
import fastify from 'fastify';
import { expect, it } from 'vitest';
import { createSecureServer, type Http3SecureServer, type RequestListener } from '../../../src/server/index.js';
import { generateBody } from '../../support/site-files.js';
import { DOWNLOAD_BYTES, ECHO, expectSite, expectSiteOverTcp, PAGE, serverOptions } from './framework-site.js';

it('Fastify, whose serverFactory makes the server, serves a page, a JSON post and a download', async () => {
  const options = await serverOptions();
  let server: Http3SecureServer | undefined;
  const app = fastify({
    serverFactory: (handler) => {
      server = createSecureServer(options, handler as unknown as RequestListener);
      return server as unknown as Server;
    },
  });
  const answered: number[] = [];
  app.addHook('onResponse', async (_request, reply) => void answered.push(reply.statusCode));
  app.get('/', (_request, reply) => reply.type('text/html').send(PAGE));
  app.post('/echo', async (request) => ({ ...(request.body as object), ...ECHO }));
  app.get('/download', (_request, reply) => reply.send(Readable.from(generateBody(DOWNLOAD_BYTES))));
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  if (server === undefined) throw new Error('serverFactory was not called');
  expect(address).toContain(String(server.address()?.port));
  await expectSite(server);
  await expectSiteOverTcp(server);
  expect(answered.filter((status) => status === 200).length).toBeGreaterThanOrEqual(5);
  await app.close();
  expect(server.address()).toBeNull();
});
