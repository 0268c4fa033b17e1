import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { servePeer } from './support/fetch-peer.js';

const TEXT = 'the text';

function digest(algorithm: string, text: string): string {
  return `${algorithm}-${createHash(algorithm).update(text).digest('base64')}`;
}

it.each(['sha256', 'sha384', 'sha512'])('a body with the right %s is given', async (algorithm) => {
  const { origin, fetch } = await servePeer((_, response) => response.end(TEXT));
  expect(await (await fetch(origin, { integrity: digest(algorithm, TEXT) })).text()).toBe(TEXT);
});

it('a body with another hash is refused, and spares the next request', async () => {
  const { origin, fetch } = await servePeer((_, response) => response.end(TEXT));
  await expect(fetch(origin, { integrity: digest('sha256', 'another') })).rejects.toThrow('fetch failed');
  expect(await (await fetch(origin)).text()).toBe(TEXT);
});
