/** Servers of this package for tests of pools, that count what they are asked. */
import { createSecureServer, type Http3SecureServer, type ServerOptions } from '../../../src/server/index.js';
import type { ServerHttp3Stream } from '../../../src/server/server-types.js';
import { endWithTest } from './cleanup.js';

export interface ServerIdentity {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A request as the server saw it. */
export interface SeenRequest {
  readonly path: string;
  readonly authority: string;
  readonly method: string;
  readonly altUsed: string | undefined;
  /** Which of the server's sessions, from 0. */
  readonly session: number;
  readonly stream: ServerHttp3Stream;
}

export interface CountingServer {
  readonly server: Http3SecureServer;
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  /** Sessions there were. */
  readonly sessions: number;
  /** Ends the sessions gracefully: GOAWAY, then the end when all is answered. @returns how many had not been told yet */
  goaway(): number;
  stop(): Promise<void>;
}

export type Answer = (request: SeenRequest) => void;

const echoPath: Answer = ({ stream, path }) => {
  stream.respond({ ':status': 200 });
  stream.end(path);
};

/** Starts a server on a loopback address; it ends with the test. */
export async function startServer(
  { certPem, keyPem }: ServerIdentity,
  answer: Answer = echoPath,
  { host = '127.0.0.1', port = 0, ...options }: ServerOptions & { host?: string; port?: number } = {},
): Promise<CountingServer> {
  const server = createSecureServer({ key: keyPem, cert: certPem, ...options });
  const seen: SeenRequest[] = [];
  let told = 0;
  const sessions: { close(): void }[] = [];
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => {
    const request = {
      path: String(headers[':path']),
      authority: String(headers[':authority']),
      method: String(headers[':method']),
      altUsed: headers['alt-used'] as string | undefined,
      session: stream.session === undefined ? -1 : sessions.indexOf(stream.session),
      stream,
    };
    stream.on('error', () => undefined);
    seen.push(request);
    answer(request);
  });
  endWithTest('server', () => stop(server));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => resolve());
  });
  return {
    server,
    port: server.address()?.port ?? 0,
    seen,
    get sessions() {
      return sessions.length;
    },
    goaway: () => {
      const open = sessions.slice(told);
      told = sessions.length;
      for (const session of open) session.close();
      return open.length;
    },
    stop: () => stop(server),
  };
}

async function stop(server: Http3SecureServer): Promise<void> {
  if (server.address() !== null) await new Promise((resolve) => server.once('close', resolve).destroy());
}
