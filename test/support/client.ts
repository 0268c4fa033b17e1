import { onTestFinished } from 'vitest';
import { type ClientHttp3Session, type ConnectOptions, connect } from '../../src/index.js';
import { loadAddon } from '../../src/native.js';
import { makeCa, makeCert } from './certs.js';
import { waitUntil } from './wait-until.js';

/** A server's certificate for localhost, 127.0.0.1 and ::1, and the anchor that a client verifies it with. */
export interface TestIdentity {
  readonly ca: string;
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
}

export async function makeIdentity(): Promise<TestIdentity> {
  const ca = await makeCa();
  const leaf = await makeCert({ ca, hosts: ['localhost'], ips: ['127.0.0.1', '::1'] });
  return { ca: ca.certPem, certificate: { certPem: leaf.chainPem, keyPem: leaf.keyPem } };
}

/** Sessions of the current test. */
const sessions = new Set<ClientHttp3Session>();

/**
 * Opens a session. When the current test ends it is destroyed, if that has not happened yet, and the test fails if
 * native objects are left.
 */
export function openSession(
  origin: string,
  { ca }: Pick<TestIdentity, 'ca'>,
  options: ConnectOptions = {},
): ClientHttp3Session {
  const session = connect(origin, { ca, ...options });
  if (sessions.size === 0) {
    onTestFinished(async () => {
      for (const opened of sessions) opened.destroy();
      sessions.clear();
      await expectNoNativeObjects();
    });
  }
  sessions.add(session);
  return session;
}

/**
 * Waits until no connection and no socket is left: a closed connection lives on for three probe timeouts (RFC 9000 10.2).
 * @throws Error if they stay
 */
export async function expectNoNativeObjects(): Promise<void> {
  await waitUntil('native objects to be freed', () => {
    const { connections, polls, verifications } = loadAddon().counters();
    return connections + polls + verifications === 0;
  });
}
