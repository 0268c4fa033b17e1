import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { createSecureServer } from '../../../src/server/index.js';
import { expectNoNativeObjects } from '../../support/client.js';
import { findFreePort } from '../../support/free-port.js';
import { event, testIdentity } from '../support/served.js';

it('a server whose TCP port is taken has let go of the UDP port when it says so', async () => {
  const { certificate } = await testIdentity();
  const port = await findFreePort('127.0.0.1');
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
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
