import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientHttp3Stream, InvalidArgumentError, type RequestOptions } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

const CALLS: Readonly<Record<string, (stream: ClientHttp3Stream) => void>> = {
  'close(1.5)': (stream) => stream.close(1.5),
  'close(-1)': (stream) => stream.close(-1),
  'close(NaN)': (stream) => stream.close(Number.NaN),
  'close(2 ** 53)': (stream) => stream.close(2 ** 53),
  "close('5')": (stream) => stream.close('5' as unknown as number),
  'priority({ incremental: 1 })': (stream) => stream.priority({ incremental: 1 as unknown as boolean }),
  'priority({ urgency: 8 })': (stream) => stream.priority({ urgency: 8 }),
  'priority({ urgency: 0.5 })': (stream) => stream.priority({ urgency: 0.5 }),
};

test.each(Object.entries(CALLS))('%s throws, and neither its request nor another notices', async (_call, call) => {
  const session = openSession(server.origin, identity);
  const streams = [1, 2].map(() => session.request({ ':path': '/slow-writer?count=5&length=1000&interval=10' }));
  const settled = streams.map((stream) => settle(stream));
  const [stream] = streams;
  if (stream === undefined) throw new Error('no stream');
  await once(stream, 'response');
  expect(() => call(stream)).toThrow(InvalidArgumentError);
  for (const { error, bytes } of await Promise.all(settled)) {
    expect({ error, bytes }).toEqual({ error: undefined, bytes: 5000 });
  }
  expect(stream.rstCode).toBe(0x100);
  await session.close();
});

const OPTIONS: readonly (readonly [string, unknown])[] = [
  ['priority', { incremental: 1 }],
  ['priority', { urgency: '3' }],
  ['priority', { urgency: 8 }],
  ['headersTimeout', -1],
  ['maxHeaderSize', 1.5],
  ['body', 7],
];

test.each(OPTIONS)('a request with the %s %j throws, and others do not notice', async (name, value) => {
  const session = openSession(server.origin, identity);
  const other = fetchBytes(session, { ':path': '/slow-writer?count=5&length=1000&interval=10' });
  const options = { [name]: value } as RequestOptions;
  expect(() => session.request({ ':path': '/never' }, options)).toThrow(InvalidArgumentError);
  expect(await other).toMatchObject({ error: undefined, bytes: 5000 });
  expect(session).toMatchObject({ pendingRequests: 0, runningRequests: 0 });
  expect(server.requests.some(({ path }) => path === '/never')).toBe(false);
  await session.close();
});
