/** The child process of {@link OriginServer}. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, type OriginState } from './origin-routes.js';
import { serveChildModule } from './serve-child-module.js';

export interface OriginFunctions {
  readonly port: () => number;
  readonly counts: () => Record<string, number>;
  readonly bytesRead: () => number;
  readonly release: () => void;
}

serveChildModule<{ readonly host: string }, OriginFunctions>(async ({ host }) => {
  let release = (): void => undefined;
  const state: OriginState = {
    counts: new Map(),
    bytesRead: 0,
    released: new Promise((resolve) => {
      release = resolve;
    }),
  };
  const server = createServer((request, response) => {
    // A client that goes away in the middle is what some tests are about; it gets no answer.
    answer(request, response, state).catch(() => response.destroy());
  });
  // Slow peers are slow on purpose.
  server.requestTimeout = 0;
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: () => (server.address() as AddressInfo).port,
    counts: () => Object.fromEntries(state.counts),
    bytesRead: () => state.bytesRead,
    release: () => release(),
  };
});
