import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  AlternativeServices,
  type AlternativeServicesOptions,
} from '../../../src/client/dispatcher/alternative-services.js';
import { MemoryAgentStore } from '../../../src/client/store/memory-agent-store.js';
import { type Origin, parseOrigin } from '../../../src/http/origin.js';

export const origin: Origin = parseOrigin('https://example.org');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Alternatives over a store in memory unless another is given; errors of the store are collected. */
export function makeServices(options: Partial<AlternativeServicesOptions> = {}, store = new MemoryAgentStore()) {
  const errors: unknown[] = [];
  const services = new AlternativeServices(store, { onStoreError: (error) => errors.push(error), ...options });
  return { services, store, errors };
}

/** Such as `alt-svc example.org:443`, null or undefined. */
export function shown(services: AlternativeServices, of: Origin = origin): string | null | undefined {
  const known = services.known(of);
  return known && `${known.source} ${known.host}:${known.port}`;
}

/** What runs behind has run: timers may be fake, turns of the event loop are not. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}
