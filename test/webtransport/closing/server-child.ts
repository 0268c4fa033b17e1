/** The server of `every-moment.test.ts`: watches its ends of the sessions, brings the end about, and then ends by itself. */
import { once } from 'node:events';
import { createSecureServer, type ServerHttp3Session, type ServerOptions } from '../../../src/server/index.js';
import { Http3WebTransportSession } from '../../../src/stream/webtransport/http3-webtransport-session.js';
import { serveChildModule } from '../../support/serve-child-module.js';
import type { Outcomes } from './ledger.js';
import { MOMENTS } from './moments.js';
import { WatchedSessions } from './watched-sessions.js';

export interface ClosingServerFunctions {
  port(): number;
  /** Whether all sessions are where their end is to find them, and the request that gets no answer is there. */
  staged(): boolean;
  last(): void;
  /** Every session is closed by the application. */
  closeSessions(closeCode: number, reason: string): void;
  /** Every connection is destroyed. */
  destroyConnections(): void;
  /** Every CONNECT stream is reset. */
  resetSessions(): void;
  closeServer(): void;
  destroyServer(): void;
  outcomes(): Promise<Record<string, Outcomes>>;
  failures(): Promise<readonly string[]>;
  leave(): void;
}

serveChildModule<ServerOptions, ClosingServerFunctions>(async (options) => {
  const watched = new WatchedSessions();
  const connections = new Set<ServerHttp3Session>();
  const accepted: Http3WebTransportSession[] = [];
  let [staged, unanswered] = [0, 0];
  // No user of a server can reset a CONNECT stream, while clients can.
  const { accepted: begin } = Http3WebTransportSession.prototype;
  Http3WebTransportSession.prototype.accepted = function (this: Http3WebTransportSession): void {
    accepted.push(this);
    begin.call(this);
  };

  const server = createSecureServer(options).on('webtransport', (request) => {
    connections.add(request.session);
    const moment = MOMENTS.find((name) => request.path === `/${name}`);
    if (moment === undefined) {
      unanswered += 1;
      return;
    }
    void watched.add(moment, request.accept()).then(() => {
      staged += 1;
    });
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    port: () => server.address()?.port ?? 0,
    staged: () => staged === MOMENTS.length && unanswered > 0,
    last: () => watched.last(),
    closeSessions: (closeCode, reason) => {
      for (const transport of watched.transports) transport.close({ closeCode, reason });
    },
    destroyConnections: () => {
      for (const connection of connections) connection.destroy();
    },
    resetSessions: () => {
      for (const session of accepted) session.destroy();
    },
    closeServer: () => void server.close(),
    destroyServer: () => void server.destroy(),
    outcomes: () => watched.outcomes(),
    failures: async () => {
      if (server.address() !== null) await new Promise((resolve) => server.once('close', resolve).destroy());
      return watched.failures();
    },
    leave: () => process.channel?.unref(),
  };
});
