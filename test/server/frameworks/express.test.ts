import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { connect } from '../../../src/index.js';
import type { RequestListener } from '../../../src/server/index.js';
import { fetchBytes } from '../../support/settlement.js';
import { generateBody } from '../../support/site-files.js';
import { listening, testIdentity } from '../support/served.js';
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

it('Express 5 serves files, parts of them, and redirects', async () => {
  const app = express();
  app.get('/file', (_request, response) => response.sendFile(import.meta.filename));
  app.get('/moved', (_request, response) => response.cookie('a', 'b').redirect('/file'));
  const server = await makeServer(app as unknown as RequestListener);
  const port = await listening(server);
  const session = connect(`https://127.0.0.1:${port}`, await testIdentity());
  onTestFinished(() => session.destroy());
  const source = readFileSync(import.meta.filename);
  const whole = await fetchBytes(session, { ':path': '/file' });
  expect(whole.headers).toMatchObject({ ':status': 200, 'content-length': String(source.length) });
  expect(whole.body.equals(source)).toBe(true);
  const part = await fetchBytes(session, { ':path': '/file', range: 'bytes=5-14' });
  expect(part.headers?.[':status']).toBe(206);
  expect(part.body.equals(source.subarray(5, 15))).toBe(true);
  const known = await fetchBytes(session, { ':path': '/file', 'if-none-match': String(whole.headers?.etag) });
  expect(known.headers?.[':status']).toBe(304);
  const moved = await fetchBytes(session, { ':path': '/moved' });
  expect(moved.headers).toMatchObject({ ':status': 302, location: '/file', 'set-cookie': ['a=b; Path=/'] });
});
