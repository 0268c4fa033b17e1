/** A process of several that share a port. */
import { once } from 'node:events';
import { createSecureServer, type ServerOptions } from '../../../src/server/index.js';
import { serveChildModule } from '../../support/serve-child-module.js';
import { onStream } from './handler.js';

export interface SharingInit {
  readonly options: ServerOptions;
  /** 0: any; undefined: listens when it is told to. */
  readonly port: number | undefined;
}

/** Totals of the engine. */
export interface SharingFigures {
  readonly accepted: number;
  readonly datagramsForwarded: number;
  readonly statelessResetsSent: number;
  readonly refused: number;
  readonly datagramsDiscarded: number;
}

export interface SharingFunctions {
  readonly listen: (port: number) => Promise<void>;
  readonly port: () => number;
  readonly figures: () => SharingFigures;
  /** Closes the server in order. */
  readonly close: () => Promise<void>;
}

serveChildModule<SharingInit, SharingFunctions>(async ({ options, port }) => {
  const server = createSecureServer(options);
  server.on('stream', onStream);
  const listen = async (at: number): Promise<void> => {
    server.listen({ port: at, host: '127.0.0.1' });
    await once(server, 'listening');
  };
  if (port !== undefined) await listen(port);
  return {
    listen,
    port: () => server.address()?.port ?? 0,
    figures: () => {
      const engine = server.stats()?.engine;
      if (engine === undefined) throw new Error('the server is closed');
      const { accepted, datagramsForwarded, datagramsDiscarded, statelessResetsSent, refused } = engine;
      return { accepted, datagramsForwarded, datagramsDiscarded, statelessResetsSent, refused };
    },
    close: () => new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve()))),
  };
});
