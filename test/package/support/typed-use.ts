/** Use of the package by those who have undici too, which must compile. Each `@ts-expect-error` shows that the types are no `any`. */
export const TYPED_USE = `
import { connect, createFetch, fetch, FormData, getConnectionInfo, Headers, Http3Agent, Http3Client, type Http3RequestExtras, install,
  MemoryAgentStore, Request, type Response } from 'necko-http3';
import { Http3Agent as SameAgent } from 'necko-http3/undici';
import { createSecureServer } from 'necko-http3/server';
import { Agent, errors, interceptors, pipeline, request, RetryAgent, setGlobalDispatcher, stream, fetch as undiciFetch, WebSocket } from 'undici';
import { Writable } from 'node:stream';

const url = 'https://127.0.0.1/';
export const agent: SameAgent = new Http3Agent({ maxOrigins: 5, store: new MemoryAgentStore() });
const extras: Http3RequestExtras = { priority: { urgency: 1 }, onConnectionInfo: (info) => void info.remotePort };

export async function underUndici(): Promise<void> {
  setGlobalDispatcher(agent);
  await undiciFetch(url, { dispatcher: agent });
  setGlobalDispatcher(new RetryAgent(agent, { maxRetries: 2 }));
  const composed = agent.compose(interceptors.retry(), interceptors.redirect({ maxRedirections: 3 }));
  await composed.compose((dispatch) => (options, handler) => dispatch({ ...options, path: '/' }, handler)).close();
  const { body } = await request(url, { dispatcher: composed, ...extras });
  const text: string = await body.text();
  await stream(url, { dispatcher: agent, method: 'GET', opaque: text }, () => new Writable());
  pipeline(url, { dispatcher: agent, method: 'POST' }, ({ body: answer }) => answer);
  new WebSocket('wss://127.0.0.1/', { dispatcher: agent });
  new Agent({ factory: (origin, options) => new Http3Client(origin, options) });
}

export async function directly(error: unknown): Promise<string> {
  const { statusCode } = await agent.request({ origin: url, path: '/', method: 'GET', priority: { urgency: 1 }, onConnectionInfo: (info) => void info.protocol });
  // @ts-expect-error: no such member
  await agent.request({ origin: url, path: '/', method: 'GET', priority: { importance: 1 } });
  // @ts-expect-error: too many arguments
  connect(1, 2, 3, 4);
  const total: number = agent.stats[url]?.running ?? statusCode;
  createSecureServer({});
  return error instanceof errors.UndiciError ? error.code : String(total);
}

export function events(client: Http3Client): void {
  agent.on('connect', (origin, targets) => void [origin.href, targets.length]);
  agent.once('disconnect', (origin, _, error) => void [origin.href, error.code]).once('drain', (origin) => void origin.href);
  agent.on('storeError', (error) => void error).on('ping', (ms, origin) => void [ms.toFixed(), origin.href]);
  client.addListener('ping', (ms) => void ms.toFixed()).removeListener('ping', () => undefined).off('storeError', () => undefined);
  // @ts-expect-error: no such event
  agent.on('pong', () => undefined);
}

export async function fetchUser(): Promise<void> {
  const response: Response = await fetch(url);
  const bound = createFetch({ protocol: 'h3' });
  await createFetch(new Agent())(new URL(url), { method: 'POST', body: new FormData(), dispatcher: agent });
  await bound(new Request(url, { method: 'POST', body: 'x', headers: new Headers({ a: 'b' }) }));
  await bound(new globalThis.Request(url), { signal: AbortSignal.timeout(1000) });
  await fetch(url, { method: 'POST', body: new globalThis.FormData(), headers: new globalThis.Headers() });
  await fetch(url, { method: 'POST', body: new URLSearchParams('a=b'), headers: { a: 'b' } });
  await fetch(url, { method: 'POST', body: new Blob(['x']), headers: [['a', 'b']] });
  await fetch(url, { method: 'POST', duplex: 'half', body: new ReadableStream<Uint8Array>() });
  await fetch(url, { method: 'POST', duplex: 'half', body: (async function* () { yield new Uint8Array(1); })() });
  // @ts-expect-error: no URL
  await fetch(1);
  const asGlobal: (typeof globalThis.fetch)[] = [fetch, bound];
  const asUndici: typeof undiciFetch = fetch;
  const protocol: 'h3' | 'h2' | 'http/1.1' | undefined = getConnectionInfo(response)?.protocol;
  const json: unknown = await response.json();
  for await (const chunk of response.body ?? []) void chunk;
  install(agent).uninstall();
  install({ protocol: 'auto' }).uninstall();
  void [asGlobal, asUndici, protocol, json];
}
`;

/** Of the global fetch's declarations, the DOM's knows no dispatcher. */
export const BUILT_IN_USE = `
import { Http3Agent } from 'necko-http3';
export const response = fetch('https://127.0.0.1/', { dispatcher: new Http3Agent() });
`;
