import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { Dispatcher } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MemoryAgentStore } from '../../../src/client/store/memory-agent-store.js';
import { ask, serveChoices } from '../../protocol/support/choice-peer.js';

/** What a handler heard, in order. */
class Recorder implements Dispatcher.DispatchHandler {
  readonly heard: string[] = [];
  error: (Error & { readonly code?: string }) | undefined;
  readonly settled: Promise<void>;
  #settle: () => void = () => undefined;
  readonly #onStart: (controller: Dispatcher.DispatchController) => void;

  constructor(onStart: (controller: Dispatcher.DispatchController) => void = () => undefined) {
    this.#onStart = onStart;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.heard.push('start');
    this.#onStart(controller);
  }

  onResponseStart(): void {
    this.heard.push('response');
  }

  onResponseData(): void {
    // Not of interest.
  }

  onResponseEnd(): void {
    this.heard.push('end');
    this.#settle();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.heard.push('error');
    this.error = error;
    this.#settle();
  }
}

/** A store that answers when it is told to. */
class SlowStore extends MemoryAgentStore {
  #open: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  open(): void {
    this.#open();
  }

  override get(key: string): Uint8Array | undefined {
    return this.#opened.then(() => super.get(key)) as unknown as Uint8Array | undefined;
  }
}

/** A TCP port that takes connections and says nothing. */
async function silentTcpPort(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).unref());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('closing an agent', () => {
  it('ends when the last request ends over TCP after the attempt over QUIC has failed', async () => {
    let answer: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let reply: () => void = () => undefined;
    const peer = await serveChoices((_request, response) => {
      reply = () => response.end('late');
      answer();
    });
    peer.altSvc = 'clear';
    const path = await peer.udpPath();
    const { port } = path;
    await path.close();
    const agent = peer.makeAgent({ hints: [{ origin: peer.origin, port }] });
    const asked = ask(agent, peer.origin);
    await arrived;
    const closed = agent.close();
    reply();
    expect(await asked).toMatchObject({ status: 200, version: '2.0' });
    await closed;
  });

  it('ends when it is destroyed meanwhile', async () => {
    const peer = await serveChoices(() => undefined);
    const agent = peer.makeAgent({ protocol: 'h3' });
    const handler = new Recorder();
    const connected = once(agent, 'connect');
    agent.dispatch({ origin: peer.origin, path: '/', method: 'GET' }, handler);
    await connected;
    const closed = agent.close();
    await agent.destroy();
    await closed;
    expect(handler.heard).toEqual(['start', 'error']);
  });

  it('ends when it is destroyed meanwhile, with a request over TCP', async () => {
    const peer = await serveChoices(() => undefined);
    const agent = peer.makeAgent();
    const handler = new Recorder();
    agent.dispatch({ origin: peer.origin, path: '/', method: 'GET' }, handler);
    const closed = agent.close();
    await agent.destroy();
    await closed;
    expect(handler.heard).toEqual(['start', 'error']);
  });

  it('lets requests that wait for the store go over TCP', async () => {
    const peer = await serveChoices();
    const store = new SlowStore();
    const agent = peer.makeAgent({ store });
    // TCP is there already when the agent closes, and must not close first.
    const first = new Recorder();
    agent.dispatch({ origin: peer.origin, path: '/', method: 'GET', upgrade: 'test' }, first);
    const handler = new Recorder();
    agent.dispatch({ origin: peer.origin, path: '/', method: 'GET' }, handler);
    const closed = agent.close();
    store.open();
    await closed;
    expect(handler.heard).toEqual(['start', 'response', 'end']);
  });
});

describe('a request that cannot be routed', () => {
  const unusable = { path: '/', method: 'GET', servername: 'b\u00fccher.example' } as const;

  it.each(['h3', 'h3-first'] as const)('fails once, and holds up no close: protocol %s', async (protocol) => {
    const peer = await serveChoices();
    const agent = peer.makeAgent({ protocol });
    const handler = new Recorder();
    agent.dispatch({ origin: peer.origin, ...unusable } as Dispatcher.DispatchOptions, handler);
    await handler.settled;
    expect(handler.heard).toEqual(['start', 'error']);
    expect(handler.error).toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
    await agent.close();
  });

  it('counts as no origin if its handler is refused', async () => {
    const peer = await serveChoices();
    const agent = peer.makeAgent({ maxOrigins: 1 });
    const noHandler = { onResponseError: () => undefined } as Dispatcher.DispatchHandler;
    agent.dispatch({ origin: 'https://refused.invalid', path: '/', method: 'GET' }, noHandler);
    expect(await ask(agent, peer.origin)).toMatchObject({ status: 200 });
  });
});

describe('an origin whose HTTP/3 is decided at once', () => {
  it('leaves no timer of the head start behind', async () => {
    const peer = await serveChoices();
    peer.altSvc = 'clear';
    const path = await peer.udpPath();
    const { port } = path;
    await path.close();
    const agent = peer.makeAgent({ hints: [{ origin: peer.origin, port }], headStart: 1_000_000 });
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await ask(agent, peer.origin);
    await agent.destroy();
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBeLessThanOrEqual(before);
  });
});

describe('a request that is aborted as it starts', () => {
  it.each([
    ['a stream', () => new Readable({ read: () => undefined })],
    ['a web stream', () => new ReadableStream()],
  ])('ends %s that was to be its body, which nobody else listens to', async (_kind, makeBody) => {
    const peer = await serveChoices();
    const agent = peer.makeAgent();
    const handler = new Recorder((controller) => controller.abort(new Error('at once')));
    // An 'error' event that nobody hears ends the process: here, the test.
    agent.dispatch({ origin: peer.origin, path: '/', method: 'POST', body: makeBody() as Readable }, handler);
    await agent.close();
    expect(handler.heard).toEqual(['start', 'error']);
    expect(handler.error?.message).toBe('at once');
    expect(peer.seen).toHaveLength(0);
  });
});

describe('requests that fail together', () => {
  it('may abort one another', async () => {
    const peer = await serveChoices();
    peer.altSvc = 'clear';
    const path = await peer.udpPath();
    const { port } = path;
    await path.blackhole(true);
    const agent = peer.makeAgent({ protocol: 'h3', connect: { ca: peer.ca, timeout: 500 } });
    const controllers: Dispatcher.DispatchController[] = [];
    const abortAll = (): void => {
      for (const controller of controllers) controller.abort(new Error('with the others'));
    };
    const again = new Recorder();
    let ended = false;
    const handlers = Array.from({ length: 10 }, () => {
      const handler = new Recorder((controller) => controllers.push(controller));
      const { onResponseError } = handler;
      handler.onResponseError = (controller, error) => {
        onResponseError.call(handler, controller, error);
        if (ended) return;
        ended = true;
        abortAll();
        void path.blackhole(false);
        agent.dispatch({ origin: `https://127.0.0.1:${port}`, path: '/again', method: 'POST', body: 'once' }, again);
      };
      return handler;
    });
    for (const handler of handlers) {
      agent.dispatch({ origin: `https://127.0.0.1:${port}`, path: '/', method: 'GET' }, handler);
    }
    await Promise.all(handlers.map(({ settled }) => settled));
    for (const { heard } of handlers) expect(heard).toEqual(['start', 'error']);
    await again.settled;
    expect(again.heard).toEqual(['start', 'response', 'end']);
    await agent.close();
  });
});

describe('a connection over TCP that is never answered', () => {
  it('does not keep an agent from being destroyed', async () => {
    const port = await silentTcpPort();
    const peer = await serveChoices();
    const agent = peer.makeAgent();
    const handler = new Recorder();
    agent.dispatch({ origin: `https://127.0.0.1:${port}`, path: '/', method: 'GET' }, handler);
    const closed = agent.close();
    await agent.destroy();
    await closed;
    expect(handler.heard).toEqual(['start', 'error']);
  });
});
