import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { createSecureServer } from '../../../src/server/index.js';
import { expectNoNativeObjects } from '../../support/client.js';
import { event, testIdentity } from '../support/served.js';

it('a server whose TCP port is taken has let go of the UDP port when it says so', async () => {
  const { certificate } = await testIdentity();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem, tcp: true });

  const errors: string[] = [];
  const retried = new Promise<void>((resolve) => {
    server.once('error', ({ code }) => {
      errors.push(code);
      other.close();
      server.once('error', (error) => {
        errors.push(error.message);
        resolve();
      });
      server.listen(port, '127.0.0.1', resolve);
    });
  });
  server.listen(port, '127.0.0.1');
  await retried;
  expect(errors).toEqual(['EADDRINUSE']);

  const closed = event(server, 'close');
  server.close();
  await closed;
  await expectNoNativeObjects();
});
