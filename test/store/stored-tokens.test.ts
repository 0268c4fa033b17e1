import { expect, test } from 'vitest';
import type { AgentStore } from '../../src/client/store/agent-store.js';
import { MemoryAgentStore } from '../../src/client/store/memory-agent-store.js';
import { decodeToken, encodeToken, StoredTokens } from '../../src/client/store/stored-tokens.js';
import { createRandom } from '../support/random.js';

const token = {
  token: Uint8Array.from({ length: 1_000 }, (_, index) => index),
  expires: Date.now() + 3_600_000.25,
  certificates: [Uint8Array.of(1, 2, 3), new Uint8Array(), Uint8Array.of(4)],
};

test('a token comes back as it was, once', async () => {
  const tokens = new StoredTokens(new MemoryAgentStore());
  await tokens.put('key', token);
  expect(await tokens.take('key')).toEqual(token);
  expect(await tokens.take('key')).toBeUndefined();
});

test.each<[string, unknown]>([
  ['nothing', new Uint8Array()],
  ['text', 'text'],
  ['another format', Uint8Array.of(2, ...encodeToken(token).subarray(1))],
  ['no token', encodeToken(token).slice(0, 9)],
  ['an empty token', encodeToken({ ...token, token: new Uint8Array(), certificates: [] })],
  ['half of it', encodeToken(token).slice(0, 500)],
  ['too much', Uint8Array.of(...encodeToken(token), 0)],
  ['no end of life', encodeToken({ ...token, expires: Number.NaN })],
  ['too many certificates', encodeToken({ ...token, certificates: Array(100).fill(new Uint8Array()) })],
])('a store that gives %s: refused', async (_name, stored) => {
  const store = { take: () => stored } as unknown as AgentStore;
  await expect(new StoredTokens(store).take('key')).rejects.toThrow(TypeError);
});

test('garbage is read or refused, never more than it is', () => {
  const random = createRandom(8446);
  const encoded = encodeToken(token);
  for (let round = 0; round < 5_000; round += 1) {
    const changed = encoded.slice(0, Math.ceil(random() * encoded.length));
    changed[Math.floor(random() * Math.min(40, changed.length))] = Math.floor(random() * 256);
    try {
      expect(decodeToken(changed).token.length).toBeLessThan(encoded.length);
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
    }
  }
});
