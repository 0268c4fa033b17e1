import * as undici from 'undici';
import { expectTypeOf, it } from 'vitest';
import { createFetch, fetch } from '../../src/client/fetch/fetch.js';
import { getConnectionInfo } from '../../src/client/fetch/response-info.js';
import { FormData, Headers, Request, Response } from '../../src/client/fetch/web-classes.js';

it("fetch fits where the platform's or undici's is expected", () => {
  expectTypeOf(fetch).toExtend<typeof globalThis.fetch>();
  expectTypeOf(fetch).toExtend<typeof undici.fetch>();
  expectTypeOf(createFetch).returns.toExtend<typeof globalThis.fetch>();
});

it('fetch takes what either of them takes', () => {
  expectTypeOf(fetch).toBeCallableWith('https://example.org');
  expectTypeOf(fetch).toBeCallableWith(new URL('https://example.org'));
  const init = { method: 'POST', body: new globalThis.FormData(), headers: new globalThis.Headers() };
  expectTypeOf(fetch).toBeCallableWith(new globalThis.Request('https://example.org'), init);
  const ours = { method: 'POST', body: new FormData(), headers: new Headers() };
  expectTypeOf(fetch).toBeCallableWith(new Request('https://example.org'), ours);
  expectTypeOf(fetch).toBeCallableWith('https://example.org', { dispatcher: new undici.Agent() });
});

it('the classes are undici’s, and a response of either kind has its connection asked for', () => {
  expectTypeOf(new Response()).toEqualTypeOf(new undici.Response());
  expectTypeOf(getConnectionInfo).toBeCallableWith(new Response());
  expectTypeOf(getConnectionInfo).toBeCallableWith(new globalThis.Response());
});
