import { Agent, Pool, request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { Http3Client } from '../../src/client/dispatcher/http3-client.js';
import { serveChoices } from './support/choice-peer.js';

const REQUESTS = 500;

it.each([
  ['Agent', (_origin: string, factory: (origin: string | URL) => Http3Client) => new Agent({ factory })],
  [
    'Pool',
    (origin: string, factory: (origin: string | URL) => Http3Client) => new Pool(origin, { factory, connections: 2 }),
  ],
] as const)("undici's %s makes clients of it, and waits for them when they are busy", async (_name, make) => {
  const peer = await serveChoices();
  const dispatcher = make(
    peer.origin,
    (origin) => new Http3Client(origin, { protocol: 'h3', maxConcurrentStreams: 10, connect: { ca: peer.ca } }),
  );
  onTestFinished(() => dispatcher.destroy());
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, index) => {
      const { statusCode, headers, body } = await request(`${peer.origin}/${index}`, { dispatcher });
      await body.dump();
      return `${statusCode} ${headers['x-version']}`;
    }),
  );
  expect(answers).toEqual(Array(REQUESTS).fill('200 3.0'));
  expect(new Set(peer.seen.map(({ id }) => id)).size).toBe(REQUESTS);
});
