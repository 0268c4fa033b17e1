import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity } from '../support/client.js';
import { type SteppedRequest, SteppedSession } from '../support/stepped-session.js';

let server: AioquicServer;

beforeAll(async () => {
  server = await AioquicServer.start(await makeIdentity());
});

afterAll(() => server?.stop());

/** Sends a request, and stops after the step that brought something of the response. All of that is in one datagram. */
async function receiveSomething(path: string): Promise<{ stepped: SteppedSession; request: SteppedRequest }> {
  const stepped = new SteppedSession(server.port);
  onTestFinished(() => stepped.destroy());
  stepped.send();
  while (!stepped.session.connected) await stepped.receive();
  const request = stepped.request(path);
  stepped.send();
  while (request.events.length < 2) await stepped.receive();
  return { stepped, request };
}

test('trailers and the end that reading the body reveals are delivered in the same turn', async () => {
  const { request } = await receiveSomething('/trailers');
  expect(request.events).toEqual(['sent 0', 'headers', 'trailers', 'end']);
});

test.each(['data-after-trailers', 'reserved-frame'])(
  'a connection error that reading the body reveals (%s) ends the connection in the same turn',
  async (name) => {
    const { stepped, request } = await receiveSomething(`/malformed/${name}`);
    expect(request.events.at(-1)).toBe('error UND_ERR_SOCKET');
    expect(stepped.session.closed).toBe(true);
  },
);

test('a stream error that reading the body reveals fails the request in the same turn', async () => {
  const { stepped, request } = await receiveSomething('/malformed/pseudo-in-trailers');
  expect(request.events.at(-1)).toMatch(/^error ERR_HTTP3_/);
  expect(stepped.session.connected).toBe(true);
});
