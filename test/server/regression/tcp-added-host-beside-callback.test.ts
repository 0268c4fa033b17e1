import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import type { CredentialOptions } from '../../../src/server/index.js';
import { makeCert } from '../../support/certs.js';
import { serve } from '../support/served.js';

async function made(host: string): Promise<CredentialOptions> {
  const { certPem, keyPem } = await makeCert({ hosts: [host] });
  return { cert: certPem, key: keyPem };
}

it('over TCP, too, the certificate of addContext comes before that of SNICallback', async () => {
  const called = await made('called.test');
  const names: string[] = [];
  const { server, port } = await serve({
    tcp: true,
    SNICallback: (name, callback) => {
      names.push(name);
      callback(null, called);
    },
  });
  server.addContext('added.test', await made('added.test'));
  server.addContext('*.wild.test', await made('*.wild.test'));

  const commonName = async (servername: string): Promise<unknown> => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  };
  expect(await commonName('Added.test')).toBe('added.test');
  expect(await commonName('a.wild.test')).toBe('*.wild.test');
  expect(await commonName('a.b.wild.test')).toBe('called.test');
  expect(names).toEqual(['a.b.wild.test']);
});
