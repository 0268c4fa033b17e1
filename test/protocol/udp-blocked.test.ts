import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, type ChoicePeer, serveChoices } from './support/choice-peer.js';

/** A body that can be read only once. */
async function* chunks(parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

/** A server that does not say itself where its HTTP/3 is. */
async function serveHidden(): Promise<ChoicePeer> {
  const peer = await serveChoices();
  peer.altSvc = 'clear';
  return peer;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('an origin said to have HTTP/3, whose UDP is blocked', () => {
  it('answers over TCP, and each request comes to it once', async () => {
    const peer = await serveHidden();
    const path = await peer.udpPath();
    await path.blackhole(true);
    const agent = peer.makeAgent({ hints: [{ origin: peer.origin, port: path.port }], headStart: 50 });
    const ids = Array.from({ length: 20 }, (_, index) => `/${index}`);
    const answers = await Promise.all(ids.map((id) => ask(agent, peer.origin + id)));
    expect(answers.every(({ version, status }) => version === '2.0' && status === 200)).toBe(true);
    expect(peer.seen.map(({ id }) => id).sort()).toEqual([...ids].sort());
    // QUIC was really tried.
    expect((await path.counters()).up.blackholed).toBeGreaterThan(0);
  });

  it('gets a body that can be read only once, once and whole', async () => {
    const peer = await serveHidden();
    const path = await peer.udpPath();
    await path.blackhole(true);
    const agent = peer.makeAgent({ hints: [{ origin: peer.origin, port: path.port }], headStart: 20 });
    const parts = ['one ', 'two ', 'three'];
    const answer = await ask(agent, `${peer.origin}/upload`, { method: 'POST', body: chunks(parts) });
    expect(answer).toMatchObject({ status: 200, version: '2.0' });
    expect(peer.seen).toHaveLength(1);
    expect(peer.seen[0]?.bodyHash).toBe(sha256(parts.join('')));
  });

  it('is not tried over UDP again when the attempt has failed', async () => {
    const peer = await serveHidden();
    const path = await peer.udpPath();
    await path.blackhole(true);
    const agent = peer.makeAgent({
      hints: [{ origin: peer.origin, port: path.port }],
      headStart: 20,
      connect: { ca: peer.ca, timeout: 300 },
    });
    const failed = new Promise((resolve) => agent.once('connectionError', resolve));
    await ask(agent, `${peer.origin}/1`);
    await failed;
    const tried = (await path.counters()).up.received;
    for (let index = 2; index < 12; index += 1) await ask(agent, `${peer.origin}/${index}`);
    expect((await path.counters()).up.received).toBe(tried);
    expect(peer.seen.every(({ httpVersion }) => httpVersion === '2.0')).toBe(true);
  });

  it('is tried again when the network has changed', async () => {
    const peer = await serveHidden();
    const path = await peer.udpPath();
    await path.blackhole(true);
    const agent = peer.makeAgent({
      hints: [{ origin: peer.origin, port: path.port }],
      // QUIC has all the time that it needs; the attempt that fails does not wait for the end of it.
      headStart: 10_000,
      connect: { ca: peer.ca, timeout: 300 },
    });
    const failed = new Promise((resolve) => agent.once('connectionError', resolve));
    await ask(agent, `${peer.origin}/1`);
    await failed;
    await path.blackhole(false);
    await agent.rebind();
    await ask(agent, `${peer.origin}/2`);
    expect(peer.seen.map(({ httpVersion }) => httpVersion)).toEqual(['2.0', '3.0']);
  });

  it('fails a request, once, where only HTTP/3 is wanted', async () => {
    const peer = await serveHidden();
    const path = await peer.udpPath();
    await path.blackhole(true);
    const agent = peer.makeAgent({ protocol: 'h3', connect: { ca: peer.ca, timeout: 300 } });
    await expect(ask(agent, `https://127.0.0.1:${path.port}/`)).rejects.toMatchObject({
      code: 'UND_ERR_CONNECT_TIMEOUT',
    });
    expect(peer.seen).toHaveLength(0);
  });
});

describe('an origin whose UDP port nobody serves', () => {
  it('answers over TCP at once', async () => {
    const peer = await serveHidden();
    const path = await peer.udpPath();
    const { port } = path;
    await path.close();
    // The head start is far longer than the test may take: a refusal must not wait for its end.
    const agent = peer.makeAgent({ hints: [{ origin: peer.origin, port }], headStart: 1_000_000 });
    expect(await ask(agent, `${peer.origin}/1`)).toMatchObject({ version: '2.0' });
    expect(await ask(agent, `${peer.origin}/2`)).toMatchObject({ version: '2.0' });
  });
});
