import { Readable } from 'node:stream';
import express from 'express';
import { expect, it } from 'vitest';
import type { RequestListener } from '../../../src/server/index.js';
import { generateBody } from '../../support/site-files.js';
import { DOWNLOAD_BYTES, ECHO, expectSite, expectSiteOverTcp, makeServer, PAGE } from './framework-site.js';

it('Express 5 serves a page, a JSON post and a download', async () => {
  const app = express();
  const protocols = new Set<string>();
  app.use((request, _response, next) => {
    protocols.add(`${request.protocol} ${request.hostname} ${request.ip}`);
    next();
  });
  app.get('/', (_request, response) => void response.send(PAGE));
  app.post('/echo', express.json(), (request, response) => {
    response.json({ ...(request.body as object), ...ECHO });
  });
  app.get('/download', (_request, response) => {
    Readable.from(generateBody(DOWNLOAD_BYTES)).pipe(response);
  });
  const server = await makeServer(app as unknown as RequestListener);
  await expectSite(server);
  await expectSiteOverTcp(server);
  expect([...protocols]).toEqual(['https 127.0.0.1 127.0.0.1']);
});
