import { expect, it } from 'vitest';
import { createRandom } from '../support/random.js';
import { OVER_H3, servePeer } from './support/fetch-peer.js';

const SIZE = 100_000;

it.runIf(OVER_H3)(
  '1,000 requests at once, half of them aborted at any moment: the others are whole, and no stream is left',
  async () => {
    const body = Buffer.alloc(SIZE, 'body');
    let open = 0;
    const { origin, server, fetch } = await servePeer((request, response) => {
      open += 1;
      response.once('close', () => {
        open -= 1;
      });
      request.on('error', () => undefined);
      request.pipe(response);
    });
    const random = createRandom(7);
    const outcomes = Array.from({ length: 1000 }, async (_, index) => {
      const controller = new AbortController();
      const delay = random() * 200;
      if (index % 2 === 0) setTimeout(() => controller.abort(), delay);
      const response = await fetch(`${origin}/${index}`, { method: 'POST', body, signal: controller.signal });
      return (await response.arrayBuffer()).byteLength;
    });
    const settled = await Promise.allSettled(outcomes);
    const spared = settled.filter((_, index) => index % 2 === 1);
    expect(spared).toEqual(Array(500).fill({ status: 'fulfilled', value: SIZE }));
    for (const outcome of settled) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'AbortError' });
      else expect(outcome.value).toBe(SIZE);
    }
    await expect.poll(() => open).toBe(0);
    expect([...server.connections].length).toBeLessThanOrEqual(1);
  },
);
