import { describe, expect, it } from 'vitest';
import type { StreamListener } from '../../../src/server/server-types.js';
import { fetchBytes } from '../../support/settlement.js';
import { serve } from '../support/served.js';

describe('a response', () => {
  it.each<[string, StreamListener]>([
    [
      'respond',
      (stream) => {
        stream.respond({}, { sendDate: false });
        stream.end();
      },
    ],
    ['respondWithFile', (stream) => stream.respondWithFile(import.meta.filename, {}, { sendDate: false })],
  ])('has no date if the options of %s say so', async (_, onStream) => {
    const { connect } = await serve({}, onStream);
    expect((await fetchBytes(connect())).headers).toMatchObject({ ':status': 200 });
    expect((await fetchBytes(connect())).headers).not.toHaveProperty('date');
  });

  it('has no date if its sendDate is false', async () => {
    const { server, connect } = await serve();
    server.on('request', (_, response) => {
      response.sendDate = false;
      response.end();
    });
    expect((await fetchBytes(connect())).headers).toEqual({ ':status': 200 });
  });
});
