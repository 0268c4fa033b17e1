import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { requestChannels } from '../../../src/client/dispatcher/diagnostics.js';
import {
  publishBeforeConnect,
  publishConnectError,
  publishConnected,
} from '../../../src/client/dispatcher/diagnostics-connect.js';
import { parseOrigin } from '../../../src/http/origin.js';
import type { ConnectionInfo } from '../../../src/session/session-types.js';
import { front } from './front.js';
import { modernHandler } from './handlers.js';

interface Message {
  readonly request: {
    readonly origin: string;
    readonly method: string;
    readonly path: string;
    readonly headers: readonly string[];
    readonly completed: boolean;
    addHeader(name: string, value: string): unknown;
  };
  readonly error?: Error;
  readonly headers?: string;
  readonly socket?: { readonly remotePort: number };
  readonly chunk?: Uint8Array;
  readonly response?: { readonly statusCode: number; readonly headers: readonly Buffer[] };
}

/** Listens to a channel until the test ends. */
function listen(name: string, listener: (message: unknown) => void): void {
  subscribe(name, listener);
  onTestFinished(() => {
    unsubscribe(name, listener);
  });
}

/** Messages of all channels of a request, in order. */
function record(): { name: string; message: Message }[] {
  const messages: { name: string; message: Message }[] = [];
  for (const { name } of Object.values(requestChannels)) {
    listen(String(name), (message) =>
      messages.push({ name: String(name).split(':').slice(1).join(':'), message: message as Message }),
    );
  }
  return messages;
}

describe('undici’s channels of a request', () => {
  it('tell what happens, with one object for the request', async () => {
    const messages = record();
    listen('undici:request:create', (message) => {
      const { request } = message as Message;
      request.addHeader('traceparent', '00-1');
    });
    const { dispatcher, origin, port } = await front((stream, headers) => {
      stream.resume().on('end', () => stream.end(String(headers.traceparent)));
    });
    const { handler, recording } = modernHandler();
    dispatcher.dispatch(
      { origin, method: 'POST', path: '/a', query: { b: 1 }, headers: { x: 'y' }, body: 'hello' },
      handler,
    );
    await recording.done;
    expect(Buffer.concat(recording.chunks).toString()).toBe('00-1');
    expect(messages.map(({ name }) => name)).toEqual([
      'request:create',
      'client:sendHeaders',
      'request:bodyChunkSent',
      'request:bodySent',
      'request:headers',
      'request:bodyChunkReceived',
      'request:trailers',
    ]);
    const requests = new Set(messages.map(({ message }) => message.request));
    expect(requests.size).toBe(1);
    const [request] = requests;
    expect(request).toMatchObject({ origin, method: 'POST', path: '/a?b=1', completed: true });
    expect(request?.headers).toEqual(['x', 'y', 'traceparent', '00-1']);
    const of = (name: string): Message | undefined => messages.find((one) => one.name === name)?.message;
    expect(of('client:sendHeaders')?.headers).toContain('traceparent: 00-1\r\n');
    expect(of('client:sendHeaders')?.socket?.remotePort).toBe(port);
    expect(of('request:bodyChunkSent')?.chunk?.toString()).toBe('hello');
    expect(of('request:headers')?.response?.statusCode).toBe(200);
    expect(of('request:headers')?.response?.headers.every((text) => Buffer.isBuffer(text))).toBe(true);
  });

  it('tell of a failure once', async () => {
    const messages = record();
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined));
    const { handler, recording } = modernHandler({
      onRequestSent: () => recording.controller?.abort(new Error('enough')),
    });
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    await recording.done;
    expect(messages.map(({ name }) => name)).toEqual([
      'request:create',
      'client:sendHeaders',
      'request:bodySent',
      'request:error',
    ]);
    expect(messages.at(-1)?.message.error).toBe(recording.error);
  });

  it('tell of the end of an attempt that goes another way', async () => {
    const { dispatcher, origin } = await front((stream) => stream.end());
    const messages = record();
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    expect(dispatcher.legs[0]?.withdraw()).toBe(true);
    expect(dispatcher.legs[0]?.withdraw()).toBe(true);
    expect(messages.map(({ name }) => name)).toEqual(['request:create', 'request:error']);
    expect(messages[1]?.message.error).toMatchObject({ code: 'UND_ERR_INFO' });
    expect(recording.calls).toEqual(['onRequestStart']);
  });

  it('leave the request of another attempt as it was', async () => {
    const seen: string[][] = [];
    listen('undici:request:create', (message) => {
      const { request } = message as Message;
      request.addHeader('traceparent', String(seen.length));
      seen.push([...request.headers]);
    });
    const { dispatcher, origin } = await front((stream, headers) => stream.end(String(headers.traceparent)));
    for (const expected of ['0', '1']) {
      const { body } = await dispatcher.request({ origin, method: 'GET', path: '/' });
      expect(await body.text()).toBe(expected);
    }
    expect(seen).toEqual([
      ['traceparent', '0'],
      ['traceparent', '1'],
    ]);
  });
});

describe('undici’s channels of a connection', () => {
  const target = {
    origin: parseOrigin('https://a.example:8443'),
    host: 'a.example',
    port: 8443,
    serverName: 'a.example',
    localAddress: undefined,
  };
  const params = {
    host: 'a.example:8443',
    hostname: 'a.example',
    port: '8443',
    protocol: 'https:',
    version: 'h3',
    localAddress: null,
  };

  it('tell of the attempt, the connection and the failure', () => {
    const messages: unknown[] = [];
    for (const name of ['beforeConnect', 'connected', 'connectError']) {
      listen(`undici:client:${name}`, (message) => messages.push(message));
    }
    const ends = { localAddress: '::1', localPort: 1, remoteAddress: '::2', remotePort: 2 };
    const error = new Error('no');
    publishBeforeConnect(target);
    publishConnected(target, ends as ConnectionInfo);
    publishConnectError({ ...target, host: '::1', port: 443 }, error);
    expect(messages).toMatchObject([
      { connectParams: params },
      { connectParams: params, socket: ends },
      { connectParams: { ...params, host: '[::1]', hostname: '::1', port: '' }, error },
    ]);
  });

  it('cost nothing while nobody listens', () => {
    expect(channel('undici:client:connected').hasSubscribers).toBe(false);
    publishBeforeConnect(target);
  });
});
