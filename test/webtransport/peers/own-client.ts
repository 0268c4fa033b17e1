import { onTestFinished } from 'vitest';
import { WebTransport, WebTransportError, type WebTransportOptions } from '../../../src/webtransport.js';
import type { WebTransportStep } from '../../support/webtransport-peers.js';
import { runScenario, type ScenarioOutcome } from './w3c-scenario.js';

/** Opens a session by our client and carries out a scenario. @throws the error of a step */
export function runOwnClient(
  url: string,
  options: WebTransportOptions,
  steps: readonly WebTransportStep[],
): Promise<ScenarioOutcome> {
  const session = new WebTransport(url, options);
  // A step that fails leaves it open.
  onTestFinished(() => session.close());
  return runScenario(session, WebTransportError, steps);
}
