/** The process of the server: our own, with the pages and the handlers of the tests. */
import { once } from 'node:events';
import { createSecureServer, type WebTransportRequest } from '../../src/server/index.js';
import { serveChildModule } from '../../test/support/serve-child-module.js';
import { handlers } from './handlers/index.js';
import { Stash } from './handlers/stash.js';
import { Site } from './site.js';
import type { TestFile } from './test-files.js';

export interface ServerInit {
  /** Certificate chain and key in PEM. */
  readonly cert: string;
  readonly key: string;
  /** Root of the web platform tests. */
  readonly root: string;
  readonly host: string;
  /** Tests that get a page. */
  readonly tests: readonly TestFile[];
}

export interface ServerFunctions {
  readonly port: () => number;
}

const HANDLERS_FOLDER = '/webtransport/handlers/';

serveChildModule<ServerInit, ServerFunctions>(async ({ cert, key, root, host, tests }, emit) => {
  const stash = new Stash();
  const server = createSecureServer({ cert, key, webTransport: true }, async ({ url = '/' }, response) => {
    const file = await site.read(new URL(url, site.origin).pathname);
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': file.type }).end(file.body);
  });
  server.on('webtransport', (request: WebTransportRequest) => {
    const { pathname, searchParams } = new URL(request.path, site.origin);
    const handler = handlers.get(pathname.slice(HANDLERS_FOLDER.length));
    if (handler === undefined || !pathname.startsWith(HANDLERS_FOLDER)) return request.reject(404);
    const answer = async () => handler({ request, query: searchParams, stash });
    answer().catch((error: unknown) => {
      emit(`${pathname}: ${error instanceof Error ? error.stack : String(error)}`);
    });
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const port = server.address()?.port ?? 0;
  const site = new Site({ root, host, port }, tests);
  return { port: () => port };
});
