import { loadAddon } from '../../../src/native.js';
import type { WebTransport } from '../../../src/webtransport.js';
import { type Descriptor, expectNoNewDescriptors, listDescriptors } from '../../support/descriptors.js';
import { waitUntil } from '../../support/wait-until.js';
import { Ledger, type Outcomes } from './ledger.js';
import { afterTheEnd, type EarlyMoment, type Moment, stage, stageLast, watchEarly } from './moments.js';

interface Watched {
  readonly moment: Moment | EarlyMoment;
  readonly transport: WebTransport;
  readonly ledger: Ledger;
}

/** The sessions of one process, and all that goes wrong there. */
export class WatchedSessions {
  readonly #sessions: Watched[] = [];
  readonly #failures: string[] = [];
  readonly #descriptors: readonly Descriptor[];

  constructor() {
    this.#descriptors = listDescriptors();
    for (const event of ['unhandledRejection', 'uncaughtException', 'warning'] as const) {
      process.on(event, (error: unknown) => this.#failures.push(`${event}: ${String(error)}`));
    }
  }

  get transports(): WebTransport[] {
    return this.#sessions.map(({ transport }) => transport);
  }

  async add(moment: Moment, transport: WebTransport): Promise<void> {
    const ledger = new Ledger();
    this.#sessions.push({ moment, transport, ledger });
    await stage(moment, transport, ledger);
  }

  addEarly(moment: EarlyMoment, transport: WebTransport): void {
    const ledger = new Ledger();
    this.#sessions.push({ moment, transport, ledger });
    watchEarly(transport, ledger);
  }

  /** In the turn of the end. */
  last(): void {
    for (const { moment, transport, ledger } of this.#sessions) {
      if (moment !== 'unanswered' && moment !== 'connecting') stageLast(moment, transport, ledger);
    }
  }

  /** Waits for the end, and tries everything once more. @returns by moment */
  async outcomes(): Promise<Record<string, Outcomes>> {
    for (const { transport } of this.#sessions) await transport.closed.catch(() => undefined);
    for (const { transport, ledger } of this.#sessions) afterTheEnd(transport, ledger);
    const all: Record<string, Outcomes> = {};
    for (const { moment, ledger } of this.#sessions) all[moment] = await ledger.outcomes();
    return all;
  }

  /** Unhandled rejections, uncaught exceptions and warnings. @throws Error if native objects or descriptors are left */
  async failures(): Promise<readonly string[]> {
    await waitUntil('native objects to be freed', () => {
      const { connections, servers, polls, verifications } = loadAddon().counters();
      return connections + servers + polls + verifications === 0;
    });
    await expectNoNewDescriptors(this.#descriptors);
    return this.#failures;
  }
}
