/**
 * The server of the agent soak, in a process of its own: `GET /N` is answered with N bytes, a request with a body with the number of its
 * bytes. Prints where it listens as one line of JSON. Its argument is JSON: `{ key, cert }`, PEM.
 */
import { request as respond } from '../../bench/servers/handler.mjs';
import { createSecureServer } from '../../src/server/index.js';

const server = createSecureServer(JSON.parse(process.argv[2] ?? ''), (request, response) => {
  if (request.method !== 'POST') {
    respond(request, response);
    return;
  }
  let length = 0;
  request.on('data', (chunk) => {
    length += chunk.length;
  });
  request.on('end', () => response.end(String(length)));
});
server.listen({ port: 0, host: '127.0.0.1' }, () => process.stdout.write(`${JSON.stringify(server.address())}\n`));
