import { Agent, type Dispatcher, interceptors } from 'undici';
import { expect, it } from 'vitest';
import { Http3Agent } from '../../src/client/dispatcher/http3-agent.js';
import { getDefaultAgent } from '../../src/client/fetch/default-agent.js';
import { createFetch, fetch as defaultFetch } from '../../src/client/fetch/fetch.js';
import { PROTOCOL, servePeer } from './support/fetch-peer.js';

it('makes an agent of options, and shows it', async () => {
  const { origin, ca } = await servePeer((_, response) => response.end('text'));
  const fetch = createFetch({ protocol: PROTOCOL, connect: { ca } });
  expect(fetch.agent).toBeInstanceOf(Http3Agent);
  expect(await (await fetch(origin)).text()).toBe('text');
  await fetch.agent.close();
});

it('takes a dispatcher that is composed of an agent', async () => {
  let failures = 2;
  const { origin, agent } = await servePeer((_, response) => {
    failures -= 1;
    response.writeHead(failures >= 0 ? 503 : 200).end('text');
  });
  const fetch = createFetch(agent.compose(interceptors.retry({ minTimeout: 1 })));
  expect((await fetch(origin)).status).toBe(200);
});

it.each([[undefined], [null], ['https://127.0.0.1'], [{ protocol: 'h4' }]])('%j is refused', (agent) => {
  expect(() => createFetch(agent as unknown as Dispatcher)).toThrow(/agent|protocol/);
});

it('the dispatcher of init comes before the agent', async () => {
  const { origin, ca } = await servePeer((request, response) => response.end(request.httpVersion));
  const dispatcher = new Agent({ connect: { ca }, allowH2: false });
  expect(await (await defaultFetch(origin, { dispatcher })).text()).toBe('1.1');
  await dispatcher.close();
});

it('the default agent is one', () => {
  expect(getDefaultAgent()).toBeInstanceOf(Http3Agent);
  expect(getDefaultAgent()).toBe(getDefaultAgent());
});

it('100 requests at once, each with its own answer', async () => {
  const { origin, fetch } = await servePeer((request, response) => response.end(request.url));
  const paths = Array.from({ length: 100 }, (_, index) => `/${index}`);
  const answers = paths.map(async (path) => (await fetch(`${origin}${path}`)).text());
  expect(await Promise.all(answers)).toEqual(paths);
});
