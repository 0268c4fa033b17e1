/** A process of several that share a port. */
import { once } from 'node:events';
import { createSecureServer, type ServerOptions } from '../../../src/server/index.js';
import { serveChildModule } from '../../support/serve-child-module.js';
import { onStream } from './handler.js';

export interface SharingInit {
  readonly options: ServerOptions;
  /** 0: any. */
  readonly port: number;
}

/** Totals of the engine. */
export interface SharingFigures {
  readonly accepted: number;
  readonly datagramsForwarded: number;
  readonly statelessResetsSent: number;
  readonly refused: number;
  readonly retriesSent: number;
}

export interface SharingFunctions {
  readonly port: () => number;
  readonly figures: () => SharingFigures;
  /** Closes the server in order. */
  readonly close: () => Promise<void>;
}

serveChildModule<SharingInit, SharingFunctions>(async ({ options, port }) => {
  const server = createSecureServer(options);
  server.on('stream', onStream);
  server.listen({ port, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    port: () => server.address()?.port ?? 0,
    figures: () => {
      const engine = server.stats()?.engine;
      if (engine === undefined) throw new Error('the server is closed');
      const { accepted, datagramsForwarded, statelessResetsSent, refused, retriesSent } = engine;
      return { accepted, datagramsForwarded, statelessResetsSent, refused, retriesSent };
    },
    close: () => new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve()))),
  };
});
