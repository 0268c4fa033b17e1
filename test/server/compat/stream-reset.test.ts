import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { H3_ERROR, type Http3Error } from '../../../src/index.js';
import { toStreamListener } from '../../../src/server/compat/request-listener.js';
import type { Http3ServerRequest } from '../../../src/server/compat/server-request.js';
import { waitUntil } from '../../support/wait-until.js';
import { openHttp3Peer } from './http3-peer.js';

const MIB = 1024 * 1024;

function record(emitter: NodeJS.EventEmitter, names: readonly string[], prefix: string, events: string[]): void {
  for (const name of names) emitter.on(name, () => events.push(`${prefix} ${name}`));
}

describe('a request whose stream the client resets', () => {
  it("fails in the body's midst with the client's error code, and its connection goes on", async () => {
    const events: string[] = [];
    let failure: Http3Error | undefined;
    let request: Http3ServerRequest | undefined;
    const peer = await openHttp3Peer(
      toStreamListener((incoming, response) => {
        if (incoming.url === '/next') {
          response.end('served');
          return;
        }
        request = incoming;
        record(incoming, ['aborted', 'end', 'close'], 'request', events);
        record(response, ['finish', 'error', 'close'], 'response', events);
        text(incoming as IncomingMessage).catch((error: Http3Error) => {
          failure = error;
        });
      }),
    );
    const stream = peer.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => {});
    stream.write('abc');
    await waitUntil('the request', () => request);
    stream.close(H3_ERROR.H3_REQUEST_CANCELLED);
    await waitUntil('both to close', () => events.includes('request close') && events.includes('response close'));
    expect([...events].sort()).toEqual(['request aborted', 'request close', 'response close']);
    expect(failure).toMatchObject({ code: 'ECONNRESET', errorName: 'H3_REQUEST_CANCELLED' });
    expect((await peer.fetch({ ':path': '/next' })).body.toString()).toBe('served');
  });

  it('closes the response without finish when the download is cancelled', async () => {
    const events: string[] = [];
    const peer = await openHttp3Peer(
      toStreamListener((incoming, response) => {
        record(incoming, ['aborted', 'close'], 'request', events);
        record(response, ['finish', 'error', 'close'], 'response', events);
        response.write(Buffer.alloc(32 * MIB));
      }),
    );
    const stream = peer.request();
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('response', resolve));
    stream.close();
    await waitUntil('both to close', () => events.includes('request close') && events.includes('response close'));
    expect(events).not.toContain('response finish');
    expect(events).not.toContain('response error');
  });

  it('keeps a complete request complete, though the response is cancelled', async () => {
    let body = '';
    let request: Http3ServerRequest | undefined;
    const peer = await openHttp3Peer(
      toStreamListener(async (incoming, response) => {
        request = incoming;
        response.flushHeaders();
        body = await text(incoming);
      }),
    );
    const stream = peer.request({ ':method': 'POST' });
    stream.on('error', () => {});
    stream.end('abc');
    await waitUntil('the body', () => body === 'abc');
    stream.close();
    await waitUntil('the stream to close', () => request?.stream.closed);
    expect(request).toMatchObject({ complete: true, aborted: false, destroyed: true });
  });
});
