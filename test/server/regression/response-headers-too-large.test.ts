import { expect, it } from 'vitest';
import { fetchBytes } from '../../support/settlement.js';
import { serve } from '../support/served.js';

/** Beyond 1 MiB with what is counted on top: the bound for a client that announces none, such as this package's. */
const LARGE = 'x'.repeat(1 << 20);

it('a response header that no client takes costs its request, not the connection', async () => {
  const errors: unknown[] = [];
  const served = await serve({}, (stream, headers) => {
    stream.on('error', (error) => errors.push(error));
    if (headers[':path'] === '/') stream.end('fine');
    else if (headers[':path'] === '/trailers') {
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-large': LARGE }));
      stream.respond({}, { waitForTrailers: true });
      stream.end('body');
    } else {
      stream.respond({ 'x-large': headers[':path'] === '/ten' ? LARGE.repeat(10) : LARGE });
      stream.end('body');
    }
  });
  const session = served.connect();
  const open = fetchBytes(session);
  for (const path of ['/ten', '/one', '/trailers']) {
    const { error } = await fetchBytes(session, { ':path': path });
    expect(error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorName: 'H3_INTERNAL_ERROR' });
  }
  expect((await open).body.toString()).toBe('fine');
  expect((await fetchBytes(session)).body.toString()).toBe('fine');
  expect(served.server.stats()?.engine?.accepted).toBe(1);
  expect(errors).toMatchObject(Array(3).fill({ code: 'ERR_HTTP3_HEADERS_TOO_LARGE' }));
});

it('without a listener it is nobody’s error', async () => {
  const codes: unknown[] = [];
  const served = await serve({}, (stream) => {
    stream.on('close', () => codes.push(stream.rstCode));
    stream.respond({ 'x-large': LARGE }, { endStream: true });
  });
  const { error } = await fetchBytes(served.connect());
  expect(error).toMatchObject({ errorName: 'H3_INTERNAL_ERROR' });
  expect(codes).toEqual([0x102]);
});
