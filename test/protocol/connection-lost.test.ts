import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { interceptors, request } from 'undici';
import { describe, expect, it } from 'vitest';
import { serveChoices } from './support/choice-peer.js';

const CONTENT = randomBytes(2 * 1024 * 1024);
const HALF = CONTENT.length / 2;

/** Serves CONTENT and ranges of it; a whole one stops half way, so that the connection can be lost in mid-body. */
function serveContent(incoming: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-/.exec(incoming.headers.range ?? '')?.[1] ?? 0);
  response.setHeader('etag', '"one"');
  if (from === 0) {
    response.setHeader('content-length', CONTENT.length);
    response.write(CONTENT.subarray(0, HALF));
    return;
  }
  response.statusCode = 206;
  response.setHeader('content-range', `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}`);
  response.setHeader('content-length', CONTENT.length - from);
  response.end(CONTENT.subarray(from));
}

describe('a QUIC connection that is lost in the middle of a response', () => {
  it('fails the request with what happened', async () => {
    const peer = await serveChoices(serveContent);
    const path = await peer.udpPath();
    const agent = peer.makeAgent({
      hints: [{ origin: peer.origin, port: path.port }],
      idleTimeout: 400,
      headStart: 3000,
    });
    const { body } = await request(`${peer.origin}/content`, { dispatcher: agent });
    let read = 0;
    const reading = (async () => {
      for await (const chunk of body) {
        read += (chunk as Buffer).length;
        if (read === HALF) await path.blackhole(true);
      }
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'UND_ERR_SOCKET',
      cause: { code: 'ERR_QUIC_IDLE_TIMEOUT' },
    });
    expect(read).toBe(HALF);
    expect(peer.seen).toHaveLength(1);
  });

  it('is made up for by the retry interceptor', async () => {
    const peer = await serveChoices(serveContent);
    const path = await peer.udpPath();
    const agent = peer.makeAgent({
      hints: [{ origin: peer.origin, port: path.port }],
      idleTimeout: 400,
      headStart: 20,
    });
    const dispatcher = agent.compose(interceptors.retry({ minTimeout: 10 }));
    const { body } = await request(`${peer.origin}/content`, { dispatcher });
    const hash = createHash('sha256');
    let read = 0;
    for await (const chunk of body) {
      read += (chunk as Buffer).length;
      hash.update(chunk as Buffer);
      if (read === HALF) await path.blackhole(true);
    }
    expect(hash.digest('hex')).toBe(createHash('sha256').update(CONTENT).digest('hex'));
    expect(peer.seen.map(({ httpVersion }) => httpVersion)).toEqual(['3.0', '2.0']);
  });

  it('does not send the body of a request twice', async () => {
    const peer = await serveChoices(() => undefined);
    const path = await peer.udpPath();
    const agent = peer.makeAgent({
      hints: [{ origin: peer.origin, port: path.port }],
      idleTimeout: 400,
      headStart: 20,
    });
    const dispatcher = agent.compose(interceptors.retry({ minTimeout: 10 }));
    const body = (async function* () {
      yield Buffer.from('the only time');
      await path.blackhole(true);
    })();
    const answer = request(`${peer.origin}/upload`, { dispatcher, method: 'POST', body: body as never });
    await expect(answer).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(peer.seen).toHaveLength(1);
  });
});
