import { expect, it } from 'vitest';
import { runScenario } from '../support/scenario.js';
import { OVER_H3, PROTOCOL, servePeer } from './support/fetch-peer.js';
import type { UnreadBodiesInput, UnreadBodiesReport } from './unread-bodies-child.js';

const CASES: [responses: number, what: string, length: number][] = [
  [1000, 'never end', 0],
  [1000, 'wait whole to be read', 1000],
];
// Over HTTP/2 these take the whole window of the connection.
if (OVER_H3) CASES.push([100, 'are larger than what is received ahead', 4_000_000]);

it.each(CASES)(
  '%i unread responses whose bodies %s release their streams when they are garbage',
  async (responses, _, length) => {
    const whole = Buffer.alloc(length);
    let open = 0;
    let served = 0;
    const { origin, ca, server } = await servePeer((request, response) => {
      if (request.url === '/open') {
        response.end(String(open));
        return;
      }
      served += 1;
      open += 1;
      response.once('close', () => {
        open -= 1;
      });
      if (length === 0) response.write('x');
      else response.end(whole);
    });
    const input: UnreadBodiesInput = { origin, ca, protocol: PROTOCOL, responses, batch: 50 };
    const child = new URL('./unread-bodies-child.ts', import.meta.url);
    const result = await runScenario<UnreadBodiesReport>(child, input, { nodeArgs: ['--expose-gc'] });
    expect(result).toMatchObject({ open: 0, statuses: [200] });
    expect(served).toBe(responses);
    expect([...server.connections].length).toBeLessThanOrEqual(1);
    // What is small and whole has left the server before anybody reads it.
    if (length !== 1000) expect(result.openBefore).toBe(50);
  },
);
