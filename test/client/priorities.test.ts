import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate, maxStreams: 1 });
});

afterAll(() => server?.stop());

describe('the priority of a request (RFC 9218)', () => {
  it.each([
    [{}, undefined],
    [{ urgency: 3, incremental: false }, undefined],
    [{ urgency: 0 }, 'u=0'],
    [{ urgency: 7, incremental: true }, 'u=7,i'],
    [{ incremental: true }, 'i'],
  ])('%j is sent as a priority field: %s', async (priority, expected) => {
    const session = openSession(server.origin, identity);
    const { body } = await fetchBytes(session, { ':path': '/request-headers' }, { priority });
    const fields = JSON.parse(body.toString()) as [string, string][];
    const [field] = fields.filter(([name]) => name === 'priority').map(([, value]) => value.replaceAll(' ', ''));
    expect(field).toBe(expected);
    await session.close();
  });

  it('can be changed while the request runs: PRIORITY_UPDATE', async () => {
    const session = openSession(server.origin, identity);
    const stream = session.request({ ':path': '/stall' });
    const settled = settle(stream);
    await once(stream, 'ready');
    stream.priority({ urgency: 1, incremental: true });
    const update = await waitUntil('PRIORITY_UPDATE', () =>
      server.events.find((event) => event.event === 'priority-update' && event.stream === stream.id),
    );
    expect(update.event === 'priority-update' && update.value.replaceAll(' ', '')).toBe('u=1,i');
    stream.close();
    await settled;
    await session.close();
  });

  it('can be changed while the request waits for a stream', async () => {
    const session = openSession(server.origin, identity);
    const since = server.events.length;
    const blocking = session.request({ ':path': '/stall' });
    const blockingSettled = settle(blocking);
    await once(blocking, 'ready');
    const stream = session.request({ ':path': '/stall' });
    const settled = settle(stream);
    stream.priority({ urgency: 5 });
    blocking.close();
    await blockingSettled;
    const update = await waitUntil('PRIORITY_UPDATE', () =>
      server.events.slice(since).find(({ event }) => event === 'priority-update'),
    );
    expect(update).toEqual({ event: 'priority-update', stream: stream.id, value: 'u=5' });
    stream.close();
    await settled;
    await session.close();
  });

  it('goes before that of others when several wait to be sent', async () => {
    const session = openSession(server.origin, identity);
    const urgencies = [7, 3, 0, 5, 0, 3];
    const order: number[] = [];
    await Promise.all(
      urgencies.map((urgency) => {
        const stream = session.request({}, { priority: { urgency } });
        stream.on('ready', () => order.push(urgency));
        return settle(stream);
      }),
    );
    expect(order).toHaveLength(urgencies.length);
    await session.close();
  });
});
