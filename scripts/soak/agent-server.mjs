/**
 * The server of the agent soak, in a process of its own: `GET /N` is answered with N bytes, a request with a body with the number of its
 * bytes. Prints where it listens as one line of JSON. Its argument is JSON: `{ key, cert }`, PEM.
 */
import { createSecureServer } from '../../src/server/index.js';

const BLOCK = Buffer.alloc(64 * 1024, 'necko');

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} length
 */
function respond(response, length) {
  let left = length;
  response.setHeader('content-length', left);
  const write = () => {
    while (left > BLOCK.length) {
      left -= BLOCK.length;
      if (!response.write(BLOCK)) {
        response.once('drain', write);
        return;
      }
    }
    response.end(BLOCK.subarray(0, left));
  };
  write();
}

const server = createSecureServer(JSON.parse(process.argv[2] ?? ''), (request, response) => {
  const { method, url = '/' } = request;
  if (method !== 'POST') {
    respond(response, Number(url.slice(1)));
    return;
  }
  let length = 0;
  request.on('data', (chunk) => {
    length += chunk.length;
  });
  request.on('end', () => response.end(String(length)));
});
server.listen({ port: 0, host: '127.0.0.1' }, () => process.stdout.write(`${JSON.stringify(server.address())}\n`));
