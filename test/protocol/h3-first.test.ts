import { expect, it } from 'vitest';
import { ask, serveChoices } from './support/choice-peer.js';

it("with 'h3-first' the first request to an origin that nothing is known of goes over HTTP/3", async () => {
  const peer = await serveChoices();
  const agent = peer.makeAgent({ protocol: 'h3-first', headStart: 10_000 });
  expect(await ask(agent, `${peer.origin}/`)).toMatchObject({ status: 200, version: '3.0' });
  expect(peer.seen[0]?.altUsed).toBeUndefined();
});

it("with 'h3-first' an origin without HTTP/3 answers over TCP, and is not asked over UDP again", async () => {
  const peer = await serveChoices(undefined, { http3: false });
  const agent = peer.makeAgent({ protocol: 'h3-first', headStart: 10_000 });
  const attempts: unknown[] = [];
  agent.on('connectionError', (origin) => attempts.push(origin));
  for (let index = 0; index < 5; index += 1) {
    expect(await ask(agent, `${peer.origin}/${index}`)).toMatchObject({ status: 200, version: '2.0' });
  }
  expect(attempts).toHaveLength(1);
});
