import { describe, expect, it } from 'vitest';
import { runScenario } from '../../support/scenario.js';
import type { ExitInput, SceneName } from './process-exit-child.js';
import { serveTransports } from './support/opened.js';

/** Longer than anything but the session would keep a process alive. */
const LATER_MS = 500;

describe('a process ends by itself after', () => {
  it.each<[SceneName, string]>([
    ['closed session', '{"closeCode":1,"reason":""}'],
    ['session closed before it is ready', 'WebTransportError'],
    ['rejected session', 'WebTransportError ERR_WEBTRANSPORT_REJECTED'],
    ['pooled sessions', '[{"closeCode":0,"reason":""},{"closeCode":0,"reason":""}]'],
    ['session that the server ends', '{"closeCode":9,"reason":"later"}'],
    ['connection that the server ends', 'WebTransportError ERR_HTTP3_CONNECTION_CLOSED'],
    ['streams left open', '{"closeCode":0,"reason":""}'],
  ])('%s', async (scene, expected) => {
    const { origin, ca } = await serveTransports((request) => {
      if (request.path === '/reject') {
        request.reject(404);
        return;
      }
      const session = request.accept();
      session.closed.catch(() => undefined);
      if (request.path === '/later') setTimeout(() => session.close({ closeCode: 9, reason: 'later' }), LATER_MS);
      if (request.path === '/destroy') setTimeout(() => request.session.destroy(), LATER_MS);
    });
    const input: ExitInput = { scene, origin, ca };
    expect(await runScenario(new URL('./process-exit-child.ts', import.meta.url), input, { deadlineMs: 20_000 })).toBe(
      expected,
    );
  });
});
