import { Agent, MockAgent } from 'undici';
import { expect, it } from 'vitest';
import { createFetch } from '../../src/client/fetch/fetch.js';
import { getConnectionInfo } from '../../src/client/fetch/response-info.js';
import { Response } from '../../src/client/fetch/web-classes.js';
import { MemoryAgentStore } from '../../src/client/store/memory-agent-store.js';
import { OVER_H3, servePeer } from './support/fetch-peer.js';

it('tells the protocol, the addresses and the moments of a request', async () => {
  const { origin, fetch } = await servePeer((_, response) => response.end('text'));
  const response = await fetch(origin);
  const info = getConnectionInfo(response);
  expect(info?.protocol).toBe(OVER_H3 ? 'h3' : 'h2');
  expect(info?.earlyData).toBe(false);
  const { start, responseStart } = info?.timings ?? { start: 0 };
  expect(start).toBeGreaterThan(0);
  expect(responseStart).toBeGreaterThanOrEqual(start);
  await response.text();
});

it.runIf(OVER_H3)('tells more over HTTP/3', async () => {
  const { origin, fetch } = await servePeer((_, response) => response.end('text'));
  const first = getConnectionInfo(await fetch(origin));
  expect(first).toMatchObject({
    localAddress: '127.0.0.1',
    localPort: expect.any(Number) as number,
    remoteAddress: '127.0.0.1',
    remotePort: Number(new URL(origin).port),
    resumed: false,
    connection: { remotePort: Number(new URL(origin).port) },
  });
  const { start, connectStart, connectEnd, requestSent, responseStart } = first?.timings ?? {};
  const moments = [start, connectStart, connectEnd, requestSent, responseStart];
  expect(moments.every((moment) => typeof moment === 'number')).toBe(true);
  expect(moments.toSorted((a, b) => Number(a) - Number(b))).toEqual(moments);

  const second = getConnectionInfo(await fetch(origin));
  expect(second).toMatchObject({ protocol: 'h3', localPort: first?.localPort });
  expect(second?.timings.connectStart).toBeUndefined();
});

it.runIf(OVER_H3)('tells whether the request went in 0-RTT', async () => {
  const { origin, ca, makeAgent } = await servePeer(
    (_, response) => response.end('text'),
    {},
    { zeroRtt: true, zeroRttWindow: 100 },
  );
  const store = new MemoryAgentStore();
  const visit = async (method: string) => {
    const agent = makeAgent({ store, connect: { ca } });
    const response = await createFetch(agent)(origin, { method });
    await response.text();
    await agent.close();
    return getConnectionInfo(response);
  };
  expect(await visit('GET')).toMatchObject({ resumed: false, earlyData: false });
  // The server refuses 0-RTT in its first window.
  await expect.poll(() => visit('GET'), { timeout: 5000 }).toMatchObject({ resumed: true, earlyData: true });
  // This one waits for the handshake: what it asks for must not happen twice. A visit may end before the next token is there.
  await expect.poll(() => visit('POST'), { timeout: 5000 }).toMatchObject({ resumed: true, earlyData: false });
});

it('after redirects it is that of the last', async () => {
  const { origin: there } = await servePeer((_, response) => response.end('text'));
  const { origin, fetch } = await servePeer((_, response) => response.writeHead(302, { location: there }).end());
  const response = await fetch(origin);
  expect(response.url).toBe(`${there}/`);
  const info = getConnectionInfo(response);
  if (OVER_H3) expect(info?.remotePort).toBe(Number(new URL(there).port));
  else expect(info).toBeDefined();
});

it('a clone has that of its response, and so has a clone of it', async () => {
  const { origin, fetch } = await servePeer((_, response) => response.end('text'));
  const response = await fetch(origin);
  const clone = response.clone();
  const second = clone.clone();
  expect(getConnectionInfo(response)).toBeDefined();
  expect(getConnectionInfo(clone)).toBe(getConnectionInfo(response));
  expect(getConnectionInfo(second)).toBe(getConnectionInfo(response));
  const texts = [response, clone, second].map((each) => each.text());
  expect(await Promise.all(texts)).toEqual(['text', 'text', 'text']);
  expect(clone).toBeInstanceOf(Response);
  expect(Object.keys(response)).toEqual([]);
});

it('there is none for responses that no connection of this package brought', async () => {
  const { origin, ca, fetch } = await servePeer((_, response) => response.end('text'));
  const mock = new MockAgent();
  mock.disableNetConnect();
  mock.get('https://mocked.example').intercept({ path: '/', method: 'POST', body: 'sent' }).reply(200, 'mocked');
  const mocked = await fetch('https://mocked.example/', { method: 'POST', body: 'sent', dispatcher: mock });
  expect(await mocked.text()).toBe('mocked');
  const plain = new Agent({ connect: { ca } });
  const other = await fetch(origin, { dispatcher: plain });
  expect(await other.text()).toBe('text');
  for (const response of [mocked, other, new Response('by hand'), await globalThis.fetch('data:,x')]) {
    expect(getConnectionInfo(response)).toBeUndefined();
  }
  await Promise.all([mock.close(), plain.close()]);
});
