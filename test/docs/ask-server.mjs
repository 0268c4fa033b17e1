/** What the examples of servers end with: asks them as a client, prints what comes, and closes them. */
import { once } from 'node:events';
import { connect } from '../../scripts/demo/library.mjs';

/** @typedef {import('../../src/server/index.js').Http3SecureServer} Server */

/** @param {Server} server @param {string | Uint8Array} ca @returns {Promise<import('../../src/index.js').ClientHttp3Session>} */
async function open(server, ca) {
  if (!server.listening) await once(server, 'listening');
  return connect(`https://localhost:${server.address()?.port}`, { ca });
}

/**
 * Prints status, interim status, body and trailers of the answer to each request.
 *
 * @param {Server} server
 * @param {string | Uint8Array} ca
 * @param {readonly { path: string, method?: string, body?: string }[]} requests
 */
export async function ask(server, ca, requests) {
  const session = await open(server, ca);
  for (const { path, method = 'GET', body } of requests) {
    const stream = session.request({ ':path': path, ':method': method }, body === undefined ? {} : { body });
    stream.on('headers', (headers) => console.log(headers[':status'], headers.link));
    stream.on('response', (headers) => console.log(headers[':status'], headers['content-type']));
    /** @type {unknown} */
    let trailers;
    stream.on('trailers', (section) => {
      trailers = section;
    });
    stream.setEncoding('utf8');
    for await (const text of stream) process.stdout.write(String(text));
    if (trailers !== undefined) console.log(trailers);
  }
  await session.close();
}

/** @param {Server} server */
export async function close(server) {
  const closed = once(server, 'close');
  server.close();
  await closed;
}
