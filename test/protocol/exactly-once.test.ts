import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../support/random.js';
import { ask, serveChoices } from './support/choice-peer.js';

const REQUESTS = 60;

/** Delays of the UDP path that put the end of its handshake before, at, and after the end of TCP's. */
const DELAYS_MS = [0, 5, 10, 15, 25, 60];

describe('requests for which HTTP/3 and TCP race', () => {
  it.each(DELAYS_MS)('come to the server exactly once each, with %d ms on the UDP path', async (delay) => {
    const peer = await serveChoices();
    const path = await peer.udpPath(delay);
    const random = createRandom(delay + 1);
    for (let round = 0; round < 4; round += 1) {
      const agent = peer.makeAgent({
        hints: [{ origin: peer.origin, port: path.port }],
        headStart: Math.floor(random() * 20),
      });
      peer.forget();
      const bodies = Array.from({ length: REQUESTS }, (_, index) => `${round}/${index}/`.repeat(1 + (index % 500)));
      const answers = await Promise.all(
        bodies.map((text, index) => {
          if (index % 3 === 0) return ask(agent, `${peer.origin}/${index}`);
          const body = index % 3 === 1 ? text : Readable.from([Buffer.from(text)]);
          return ask(agent, `${peer.origin}/${index}`, { method: 'POST', body });
        }),
      );
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(peer.seen).toHaveLength(REQUESTS);
      const hashes = new Map(peer.seen.map(({ id, bodyHash }) => [id, bodyHash]));
      for (const [index, text] of bodies.entries()) {
        const sent = index % 3 === 0 ? '' : text;
        expect(hashes.get(`/${index}`)).toBe(createHash('sha256').update(sent).digest('hex'));
      }
      await agent.close();
    }
  });
});
