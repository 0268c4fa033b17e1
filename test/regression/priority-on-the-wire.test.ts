import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OutgoingHeaders, RequestOptions } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

const FIELDS: readonly (readonly [string, RequestOptions['priority'], OutgoingHeaders, readonly string[]])[] = [
  ['the default is not sent', undefined, {}, []],
  ['nor is a priority equal to it', { urgency: 3, incremental: false }, {}, []],
  ['urgency', { urgency: 0 }, {}, ['u=0']],
  ['incremental', { incremental: true }, {}, ['i']],
  ['both', { urgency: 7, incremental: true }, {}, ['u=7, i']],
  ["the user's own field wins", { urgency: 1 }, { Priority: 'u=5' }, ['u=5']],
];

test.each(FIELDS)('as a Priority field: %s', async (_what, priority, headers, expected) => {
  const session = openSession(server.origin, identity);
  const options = priority === undefined ? {} : { priority };
  const { body } = await fetchBytes(session, { ...headers, ':path': '/request-headers' }, options);
  const fields = JSON.parse(String(body)) as [string, string][];
  expect(fields.filter(([name]) => name === 'priority').map(([, value]) => value)).toEqual(expected);
  await session.close();
});

function updates(since: number): { stream: number; value: string }[] {
  return server.events
    .slice(since)
    .flatMap((event) => (event.event === 'priority-update' ? [{ stream: event.stream, value: event.value }] : []));
}

test('as PRIORITY_UPDATE when it changes', async () => {
  const session = openSession(server.origin, identity);
  const since = server.events.length;
  const stream = session.request({ ':path': '/stall' }, { priority: { urgency: 6 } });
  const settled = settle(stream);
  await once(stream, 'ready');
  await waitUntil('the request', () => server.events.slice(since).some(({ event }) => event === 'request'));
  const wanted = [
    [{ urgency: 1, incremental: true }, /^u=1, ?i$/],
    [{ urgency: 2 }, /^u=2$/],
    [{}, /^$/],
  ] as const;
  for (const [index, [priority, value]] of wanted.entries()) {
    stream.priority(priority);
    const update = await waitUntil('PRIORITY_UPDATE', () => updates(since)[index]);
    expect(update.stream).toBe(stream.id);
    expect(update.value).toMatch(value);
  }
  stream.destroy();
  await settled;
  await session.close();
});

test('a change while the request waits is not lost', async () => {
  const session = openSession(server.origin, identity);
  const since = server.events.length;
  const stream = session.request({ ':path': '/stall' });
  const settled = settle(stream);
  stream.priority({ urgency: 0 });
  const update = await waitUntil('PRIORITY_UPDATE', () => updates(since)[0]);
  expect(update).toEqual({ stream: stream.id, value: 'u=0' });
  stream.destroy();
  await settled;
  await session.close();
});
