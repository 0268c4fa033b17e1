import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type RequestListener, toStreamListener } from '../../../src/server/compat/request-listener.js';
import type { Http3ServerRequest } from '../../../src/server/compat/server-request.js';
import type { Http3ServerResponse } from '../../../src/server/compat/server-response.js';
import { generateBody } from '../../support/site-files.js';
import { waitUntil } from '../../support/wait-until.js';
import { settleStream } from './http2-peer.js';
import { PEERS } from './peers.js';

const MIB = 1024 * 1024;

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe.each(PEERS)('a request on streams of %s', (_name, open) => {
  /** Gives the request that the listener saw. */
  function seen(
    listener: RequestListener = (_request, response) => void response.end(),
  ): [() => Http3ServerRequest, RequestListener] {
    let last: Http3ServerRequest | undefined;
    return [
      () => last as Http3ServerRequest,
      (request, response) => {
        last = request;
        listener(request, response);
      },
    ];
  }

  it('has method, url, host and headers', async () => {
    const [request, listener] = seen();
    const peer = await open(toStreamListener(listener));
    await peer.fetch({ ':path': '/a?b=c', 'x-one': '1', cookie: ['a=1', 'b=2'], accept: ['text/a', 'text/b'] });
    const { method, url, headers, httpVersion, httpVersionMajor, httpVersionMinor } = request();
    expect({ method, url, httpVersion, httpVersionMajor, httpVersionMinor }).toEqual({
      method: 'GET',
      url: '/a?b=c',
      httpVersion: '3.0',
      httpVersionMajor: 3,
      httpVersionMinor: 0,
    });
    expect(headers).toMatchObject({ ':path': '/a?b=c', 'x-one': '1', cookie: 'a=1; b=2', accept: 'text/a, text/b' });
    expect(headers.host).toBe(headers[':authority']);
    expect(headers.host).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(request().authority).toBe(headers.host);
    expect(request().scheme).toBe('https');
    expect(request().headersDistinct).toMatchObject({ 'x-one': ['1'], host: [headers.host] });
    const { rawHeaders } = request();
    expect(rawHeaders[rawHeaders.indexOf('x-one') + 1]).toBe('1');
    expect(rawHeaders[rawHeaders.indexOf('host') + 1]).toBe(headers.host);
  });

  it('has a socket with addresses and TLS', async () => {
    let facts: object | undefined;
    const peer = await open(
      toStreamListener(({ socket }, response) => {
        const { remoteAddress, remotePort, remoteFamily, localAddress } = socket;
        const { encrypted } = socket as unknown as { encrypted: boolean };
        facts = { remoteAddress, port: typeof remotePort, remoteFamily, localAddress, encrypted };
        expect(response.socket).toBe(socket);
        response.end();
      }),
    );
    await peer.fetch();
    expect(facts).toEqual({
      remoteAddress: '127.0.0.1',
      port: 'number',
      remoteFamily: 'IPv4',
      localAddress: '127.0.0.1',
      encrypted: true,
    });
  });

  it('has the whole body, whatever its size', async () => {
    const peer = await open(
      toStreamListener(async (request, response) => {
        response.end(await readAll(request));
      }),
    );
    for (const size of [0, 1, 100_000, 4 * MIB]) {
      const body = Buffer.concat([...generateBody(size)]);
      const { body: answered, bytes } = await peer.fetch({ ':method': 'POST' }, body);
      expect(bytes).toBe(size);
      expect(answered.equals(body.subarray(0, answered.length))).toBe(true);
    }
  });

  it('says by transfer-encoding that a body without length comes', async () => {
    const [request, listener] = seen((incoming, response) => void incoming.resume().on('end', () => response.end()));
    const peer = await open(toStreamListener(listener));
    await peer.fetch({ ':method': 'POST', 'content-type': 'text/plain' }, 'abc');
    expect(request().headers['transfer-encoding']).toBe('chunked');
    await peer.fetch({ ':method': 'POST', 'content-type': 'text/plain', 'content-length': 3 }, 'abc');
    expect(request().headers['transfer-encoding']).toBeUndefined();
    await peer.fetch();
    expect(request().headers['transfer-encoding']).toBeUndefined();
  });

  it('stops the client while nobody reads', async () => {
    const [request, listener] = seen((_request, answer) => {
      response = answer;
    });
    let response: Http3ServerResponse | undefined;
    const peer = await open(toStreamListener(listener));
    const stream = peer.request({ ':method': 'POST' });
    const settled = settleStream(stream);
    let sent = 0;
    const upload = pipeline(async function* () {
      for (const block of generateBody(64 * MIB)) {
        yield block;
        sent += block.length;
      }
    }, stream);
    await waitUntil('the request', () => request() !== undefined);
    // Not timed: whatever is sent in the meantime, it must stay below what all the buffers on the way can hold.
    for (let before = -1; before !== sent; ) {
      before = sent;
      await sleep(100);
    }
    expect(sent).toBeLessThan(32 * MIB);
    let received = 0;
    request().on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request().on('end', () => response?.end());
    await upload;
    await settled;
    expect(received).toBe(64 * MIB);
  });

  it('is complete, ended and closed once read', async () => {
    const events: string[] = [];
    const [request, listener] = seen((incoming, response) => {
      for (const name of ['end', 'close', 'aborted', 'error']) incoming.on(name, () => events.push(name));
      incoming.resume().on('end', () => response.end('x'));
    });
    const peer = await open(toStreamListener(listener));
    await peer.fetch({ ':method': 'POST' }, 'abc');
    await waitUntil('close', () => events.includes('close'));
    expect(events).toEqual(['end', 'close']);
    expect(request()).toMatchObject({ complete: true, aborted: false, readableEnded: true, destroyed: true });
  });

  it.each(['GET', 'POST'])('ends and closes when a %s was answered unread', async (method) => {
    const events: string[] = [];
    const [request, listener] = seen((incoming, response) => {
      for (const name of ['end', 'close', 'aborted', 'error']) incoming.on(name, () => events.push(name));
      response.end('x');
    });
    const peer = await open(toStreamListener(listener));
    const { error } = await peer.fetch({ ':method': method }, method === 'POST' ? 'abc' : undefined);
    expect(error).toBeUndefined();
    await waitUntil('close', () => events.includes('close'));
    expect(events).toEqual(['end', 'close']);
    expect(request().aborted).toBe(false);
  });

  it('has trailers', async () => {
    const [request, listener] = seen((incoming, response) => void incoming.resume().on('end', () => response.end()));
    const peer = await open(toStreamListener(listener));
    const stream = peer.requestWithTrailers?.({ ':method': 'POST' }, { 'x-sum': '1' });
    if (stream === undefined) return;
    stream.end('abc');
    await settleStream(stream);
    expect(request().trailers).toEqual({ 'x-sum': '1' });
    expect(request().trailersDistinct).toEqual({ 'x-sum': ['1'] });
    expect(request().rawTrailers).toEqual(['x-sum', '1']);
    expect(request().headers['x-sum']).toBeUndefined();
  });

  it("is aborted, and fails for those who listen, when the client goes away in the body's midst", async () => {
    const events: string[] = [];
    let failure: NodeJS.ErrnoException | undefined;
    const [request, listener] = seen((incoming, response) => {
      incoming.on('aborted', () => events.push('aborted'));
      incoming.on('close', () => events.push('close'));
      response.on('finish', () => events.push('response finish'));
      response.on('close', () => events.push('response close'));
      readAll(incoming).catch((error: NodeJS.ErrnoException) => {
        failure = error;
      });
    });
    const peer = await open(toStreamListener(listener));
    const stream = peer.request({ ':method': 'POST' });
    stream.on('error', () => {});
    stream.write('abc');
    await waitUntil('the request', () => request() !== undefined);
    peer.drop();
    await waitUntil('both to close', () => events.includes('close') && events.includes('response close'));
    expect(events.sort()).toEqual(['aborted', 'close', 'response close']);
    expect(failure?.code).toBe('ECONNRESET');
    expect(request()).toMatchObject({ complete: false, aborted: true });
  });

  it('takes an abort without any listener', async () => {
    const [request, listener] = seen(() => {});
    const peer = await open(toStreamListener(listener));
    const stream = peer.request({ ':method': 'POST' });
    stream.on('error', () => {});
    stream.write('abc');
    await waitUntil('the request', () => request() !== undefined);
    peer.drop();
    await waitUntil('the end', () => request().destroyed);
    expect(request().aborted).toBe(true);
  });

  it('drops the client when it is destroyed', async () => {
    const peer = await open(toStreamListener((request) => void request.destroy()));
    const stream = peer.request({ ':method': 'POST' });
    stream.write('abc');
    const { headers } = await settleStream(stream);
    expect(headers).toBeUndefined();
  });

  it('emits timeout, or without a listener drops the client', async () => {
    let timeouts = 0;
    const peer = await open(
      toStreamListener((request, response) => {
        if (request.url === '/drop') request.setTimeout(20);
        else request.setTimeout(20, () => response.end(`timeout ${++timeouts}`));
      }),
    );
    expect((await peer.fetch({ ':path': '/' })).body.toString()).toBe('timeout 1');
    expect((await peer.fetch({ ':path': '/drop' })).headers).toBeUndefined();
  });

  it('with Expect is continued, checked or refused', async () => {
    const answer: RequestListener = (_request, response) => void response.end('served');
    const plain = await open(toStreamListener(answer));
    const continued = await plain.fetch({ ':method': 'POST', expect: '100-continue' }, 'abc');
    expect(continued.events).toContain('continue');
    expect(continued.body.toString()).toBe('served');
    const refused = await plain.fetch({ ':method': 'POST', expect: 'miracles' }, 'abc');
    expect(refused.headers?.[':status']).toBe(417);

    const checking = await open(
      toStreamListener(answer, {
        checkContinue: (_request, response) => response.writeHead(413).end() !== undefined,
        checkExpectation: (request, response) => response.end(request.headers.expect) !== undefined,
      }),
    );
    const checked = await checking.fetch({ ':method': 'POST', expect: '100-continue' }, 'abc');
    expect(checked.events).not.toContain('continue');
    expect(checked.headers?.[':status']).toBe(413);
    const expected = await checking.fetch({ ':method': 'POST', expect: 'miracles' }, 'abc');
    expect(expected.body.toString()).toBe('miracles');
  });
});
