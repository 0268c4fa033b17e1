import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import Koa from 'koa';
import { it } from 'vitest';
import type { RequestListener } from '../../../src/server/index.js';
import { generateBody } from '../../support/site-files.js';
import { DOWNLOAD_BYTES, ECHO, expectSite, expectSiteOverTcp, makeServer, PAGE } from './framework-site.js';

it('Koa serves a page, a JSON post and a download', async () => {
  const app = new Koa();
  app.use(async (context) => {
    if (context.path === '/') context.body = PAGE;
    else if (context.path === '/download') context.body = Readable.from(generateBody(DOWNLOAD_BYTES));
    else if (context.path === '/echo' && context.is('json')) {
      context.body = { ...((await json(context.req)) as object), ...ECHO };
    }
  });
  const server = await makeServer(app.callback() as unknown as RequestListener);
  await expectSite(server);
  await expectSiteOverTcp(server);
});
