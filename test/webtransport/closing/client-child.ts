/** The client of `every-moment.test.ts`: holds a session for each moment until their end comes, and then ends by itself. */
import { WebTransport } from '../../../src/webtransport.js';
import { serveChildModule } from '../../support/serve-child-module.js';
import type { Outcomes } from './ledger.js';
import { type EarlyMoment, MOMENTS } from './moments.js';
import { WatchedSessions } from './watched-sessions.js';

export interface ClosingClientInit {
  readonly origin: string;
  readonly ca: string;
  /** Milliseconds. */
  readonly idleTimeout: number;
}

export interface ClosingClientFunctions {
  /** Opens all sessions. Fulfilled when they are where their end is to find them. */
  stage(): Promise<void>;
  /** The end is near: begins what is to be under way. */
  last(): void;
  close(closeCode: number, reason: string): void;
  /** Gives up what is not ready. */
  abandonEarly(): void;
  /** Fulfilled when the server has asked for the end of every session that is ready. */
  drained(): Promise<void>;
  outcomes(): Promise<Record<string, Outcomes>>;
  failures(): Promise<readonly string[]>;
  /** Nothing holds the process any more. */
  leave(): void;
}

serveChildModule<ClosingClientInit, ClosingClientFunctions>(async ({ origin, ca, idleTimeout }) => {
  const watched = new WatchedSessions();
  const open = (path: string) => new WebTransport(`${origin}/${path}`, { connection: { ca, idleTimeout } });
  const early: WebTransport[] = [];
  const openEarly = (moment: EarlyMoment): void => {
    const transport = open(moment);
    early.push(transport);
    watched.addEarly(moment, transport);
  };
  return {
    stage: async () => {
      for (const moment of MOMENTS) {
        const transport = open(moment);
        await transport.ready;
        await watched.add(moment, transport);
      }
      openEarly('unanswered');
    },
    last: () => {
      watched.last();
      openEarly('connecting');
    },
    close: (closeCode, reason) => {
      for (const transport of watched.transports) transport.close({ closeCode, reason });
    },
    abandonEarly: () => {
      for (const transport of early) transport.close();
    },
    drained: async () => {
      for (const transport of watched.transports) if (!early.includes(transport)) await transport.draining;
    },
    outcomes: () => watched.outcomes(),
    failures: () => watched.failures(),
    // The way to the parent must not be what keeps the process alive, or ends it.
    leave: () => process.channel?.unref(),
  };
});
