import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSecureServer } from '../../src/server/index.js';
import { makeCa, makeCert } from '../support/certs.js';
import { fetchBytes } from '../support/settlement.js';
import { event, serve, testIdentity } from './support/served.js';

/** The common name of the certificate that a connection to `name` gets. */
async function subject(served: Awaited<ReturnType<typeof serve>>, name: string): Promise<string | undefined> {
  const session = served.connect({ rejectUnauthorized: false, servername: name, tokenStore: false });
  await fetchBytes(session);
  const found = session.connection?.certificates[0]?.subject;
  await session.close();
  return found;
}

describe('certificates', () => {
  it('are chosen by name, wildcard, callback and default; and can be replaced', async () => {
    const make = async (commonName: string): Promise<{ key: string; cert: string }> => {
      const { keyPem, chainPem } = await makeCert({ commonName, hosts: [commonName] });
      return { key: keyPem, cert: chainPem };
    };
    const asked: string[] = [];
    const fromCallback = await make('callback.test');
    const served = await serve(
      {
        ...(await make('default.test')),
        SNICallback: (name, callback) => {
          asked.push(name);
          setImmediate(callback, null, name === 'callback.test' ? fromCallback : undefined);
        },
      },
      (stream) => stream.end('x'),
    );
    served.server.addContext('one.test', await make('one.test'));
    served.server.addContext('*.wild.test', await make('wild.test'));
    expect(await subject(served, 'one.test')).toBe('CN=one.test');
    expect(await subject(served, 'a.wild.test')).toBe('CN=wild.test');
    expect(await subject(served, 'callback.test')).toBe('CN=callback.test');
    expect(await subject(served, 'callback.test')).toBe('CN=callback.test');
    expect(await subject(served, 'other.test')).toBe('CN=default.test');
    expect(asked).toEqual(['callback.test', 'callback.test', 'other.test']);
    served.server.setSecureContext(await make('renewed.test'));
    expect(await subject(served, 'other.test')).toBe('CN=renewed.test');
  });

  it('are not given when SNICallback fails: handshakeError', async () => {
    const served = await serve({
      SNICallback: () => {
        throw new Error('unknown');
      },
    });
    const heard = event(served.server, 'handshakeError');
    const { error } = await fetchBytes(served.connect({ servername: 'x.test' }));
    expect(error?.code).toBe('ECONNREFUSED');
    expect((await heard)[0]).toMatchObject({ code: 'ERR_TLS_SNI' });
  });

  it.each(['ec', 'rsa'] as const)('of a chain, with an encrypted %s key', async (keyType) => {
    const root = await makeCa();
    const intermediate = await makeCa({ ca: root });
    const leaf = await makeCert({ ca: intermediate, ips: ['127.0.0.1'], keyType });
    const key = createPrivateKey(leaf.keyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();
    const served = await serve({ key, cert: leaf.chainPem, passphrase: 'secret' }, (stream) => stream.end('x'));
    const { body } = await fetchBytes(served.connect({ ca: root.certPem }));
    expect(body.toString()).toBe('x');
  });

  it('that cannot be used are refused with the reason', async () => {
    const { certificate } = await testIdentity();
    const { certPem: cert, keyPem: key } = certificate;
    const other = await makeCert();
    const encrypted = createPrivateKey(key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();
    const attempt = (options: object): unknown => {
      try {
        createSecureServer(options);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(attempt({ cert })).toMatch(/^key: is missing/);
    expect(attempt({ key })).toMatch(/^cert: is missing/);
    expect(attempt({ key, cert: 'nothing' })).toMatch(/^cert: no certificate found/);
    expect(attempt({ key: 'nothing', cert })).toMatch(/^key: cannot be read/);
    expect(attempt({ key: encrypted, cert })).toMatch(/^key: cannot be read: it is encrypted/);
    expect(attempt({ key: encrypted, cert, passphrase: 'wrong' })).toMatch(/^key: cannot be read/);
    expect(attempt({ key: [key, key], cert })).toMatch(/^key: must be one key/);
    expect(attempt({ key: other.keyPem, cert })).toMatch(/^key: is not the key of the certificate/);
    expect(attempt({ pfx: Buffer.alloc(1) })).toMatch(/^pfx: PKCS #12 is not supported/);
    expect(attempt({ key: [{ pem: encrypted, passphrase: 'secret' }], cert: [Buffer.from(cert)] })).toBeUndefined();
  });
});
