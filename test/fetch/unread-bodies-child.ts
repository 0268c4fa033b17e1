/** Asks for many responses and never reads them: garbage collection alone has to end their streams. */

import type { ProtocolChoice } from '../../src/client/dispatcher/agent-options.js';
import { Http3Agent } from '../../src/client/dispatcher/http3-agent.js';
import { createFetch } from '../../src/client/fetch/fetch.js';
import { collectGarbage } from '../support/memory.js';
import { report, scenarioInput } from '../support/scenario.js';

export interface UnreadBodiesInput {
  readonly origin: string;
  readonly ca: string;
  readonly protocol: ProtocolChoice;
  readonly responses: number;
  /** Under way at once; fewer than the server's streams. */
  readonly batch: number;
}

export interface UnreadBodiesReport {
  /** Responses that are open at the server when all that were fetched are garbage. */
  readonly open: number;
  /** That were open before. */
  readonly openBefore: number;
  readonly statuses: readonly number[];
}

const PATIENCE = 200;

const { origin, ca, protocol, responses, batch } = scenarioInput<UnreadBodiesInput>();
const fetch = createFetch(new Http3Agent({ protocol, connect: { ca } }));
const statuses = new Set<number>();

/** Its frame is gone when it resolves, and the responses with it. */
async function ignoreResponses(count: number): Promise<void> {
  const ignored = await Promise.all(Array.from({ length: count }, () => fetch(`${origin}/endless`)));
  for (const { status } of ignored) statuses.add(status);
}

async function openAtServer(): Promise<number> {
  return Number(await (await fetch(`${origin}/open`)).text());
}

let openBefore = 0;
for (let done = 0; done < responses; done += batch) {
  await ignoreResponses(batch);
  openBefore = Math.max(openBefore, await openAtServer());
  // undici's finalizer cancels the body, and the server hears of it a round trip later.
  for (let round = 0; round < PATIENCE && (await openAtServer()) > 0; round += 1) await collectGarbage();
}
report({ open: await openAtServer(), openBefore, statuses: [...statuses] } satisfies UnreadBodiesReport);
