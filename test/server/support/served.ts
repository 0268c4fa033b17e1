import { onTestFinished } from 'vitest';
import { type ClientHttp3Session, type ConnectOptions, connect } from '../../../src/index.js';
import { createSecureServer, type Http3SecureServer, type ServerOptions } from '../../../src/server/index.js';
import type { StreamListener } from '../../../src/server/server-types.js';
import { expectNoNativeObjects, makeIdentity, type TestIdentity } from '../../support/client.js';

let identity: Promise<TestIdentity> | undefined;

/** One identity for all servers of a file. */
export function testIdentity(): Promise<TestIdentity> {
  identity ??= makeIdentity();
  return identity;
}

/** A server of a test, and how to reach it. */
export interface Served {
  readonly server: Http3SecureServer;
  readonly port: number;
  readonly origin: string;
  readonly ca: string;
  /** Opens a session, which ends with the test. */
  connect(options?: ConnectOptions): ClientHttp3Session;
}

/** Servers and sessions of the current test. */
const servers = new Set<Http3SecureServer>();
const sessions = new Set<ClientHttp3Session>();

/** Starts a server on a loopback port; it ends with the test, which fails if native objects are left. */
export async function serve(options: ServerOptions = {}, onStream?: StreamListener): Promise<Served> {
  const { ca, certificate } = await testIdentity();
  const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem, ...options });
  if (onStream !== undefined) server.on('stream', onStream);
  const port = await listening(server);
  const origin = `https://127.0.0.1:${port}`;
  return {
    server,
    port,
    origin,
    ca,
    connect: (connectOptions) => {
      const session = connect(origin, { ca, ...connectOptions });
      sessions.add(session);
      return session;
    },
  };
}

/** Listens on a loopback port until the test ends. @returns the port */
export async function listening(server: Http3SecureServer): Promise<number> {
  if (servers.size === 0) onTestFinished(endAll);
  servers.add(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server.address()?.port ?? 0;
}

/** Clients first, so that servers see them go. */
async function endAll(): Promise<void> {
  for (const session of sessions) session.destroy();
  sessions.clear();
  for (const server of servers) {
    if (server.address() !== null) await new Promise((resolve) => server.once('close', resolve).destroy());
  }
  servers.clear();
  await expectNoNativeObjects();
}

/** Waits for an event, and gives its arguments. */
export function event(emitter: NodeJS.EventEmitter, name: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    emitter.once(name, (...args: unknown[]) => resolve(args));
  });
}
