/** The server of `graceful-shutdown.test.ts`: answers each request with its own body, and ends when it is told to. */
import { once } from 'node:events';
import { createSecureServer, type ServerOptions } from '../../../src/server/index.js';
import { serveChildModule } from '../../support/serve-child-module.js';

export interface ShutdownFunctions {
  readonly port: () => number;
  /** `server.close()`. */
  readonly shutDown: () => void;
}

/** What the process emits when the server has closed. */
export interface ShutdownReport {
  /** Requests that the handler got. */
  readonly accepted: number;
  /** Of these, the ones whose response was complete. */
  readonly finished: number;
  readonly connects: number;
  readonly disconnects: number;
}

serveChildModule<ServerOptions, ShutdownFunctions>(async (options, emit) => {
  let [accepted, finished, connects, disconnects] = [0, 0, 0, 0];
  const server = createSecureServer(options);
  server.on('stream', (stream) => {
    accepted += 1;
    stream.on('finish', () => {
      finished += 1;
    });
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  server.on('connect', () => {
    connects += 1;
  });
  server.on('disconnect', () => {
    disconnects += 1;
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    port: () => server.address()?.port ?? 0,
    shutDown: () => {
      server.close(() => {
        const report: ShutdownReport = { accepted, finished, connects, disconnects };
        emit(report);
        // The way to the parent must not be what keeps the process alive, or ends it.
        process.channel?.unref();
      });
    },
  };
});
