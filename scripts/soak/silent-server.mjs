/** A server that says nothing, or stops saying anything, for the timeouts of clients. */

import { createSecureServer } from '../../src/server/index.js';
import { makeCa, makeCert } from '../../test/support/certs.js';

/** More than the buffers of a reader that does not read. */
const MUCH = Buffer.alloc(8 * 2 ** 20);

/** HTTP/3, HTTP/2 and HTTP/1.1 on a loopback port: `/silent` never answers, `/begins` and `/much` never end. */
export class SilentServer {
  /** @type {ReturnType<typeof createSecureServer>} */
  #server;

  /** @param {ReturnType<typeof createSecureServer>} server @param {string} ca */
  constructor(server, ca) {
    this.#server = server;
    this.ca = ca;
  }

  static async start() {
    const ca = await makeCa();
    const { certPem, keyPem } = await makeCert({ ca, hosts: ['localhost'], ips: ['127.0.0.1'] });
    const server = createSecureServer({ key: keyPem, cert: certPem, tcp: true }, ({ url }, response) => {
      if (url === '/begins') response.write('this is all');
      else if (url === '/much') response.write(MUCH);
      else if (url !== '/silent') response.end('hello');
    });
    await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, () => resolve(undefined)));
    return new SilentServer(server, ca.certPem);
  }

  get origin() {
    return `https://127.0.0.1:${this.#server.address()?.port}`;
  }

  stop() {
    return new Promise((resolve) => this.#server.once('close', resolve).destroy());
  }
}
