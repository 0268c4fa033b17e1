import { describe, expect, it } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { ServerEventKind } from '../../../src/native-server.js';
import type { WebTransportServerSession } from '../../../src/server/index.js';
import { ScriptedClient } from './support/scripted-client.js';

const { H3_NO_ERROR, H3_REQUEST_CANCELLED } = H3_ERROR;
const answered = (status: number, id: number) => [`respond ${id} :status ${status}| fin`, `stop ${id} ${H3_NO_ERROR}`];
const accepted = (id: number) => [`respond ${id} :status 200|`, `keep alive ${id} true`];
const pathOf = ({ value }: IteratorResult<WebTransportServerSession, undefined>) => value?.request.path;

/** A client, and the iterators of these paths. */
function iterate(paths: readonly (string | undefined)[], options = {}) {
  const client = new ScriptedClient(options).settings();
  const service = client.server.webTransport;
  if (service === undefined) throw new Error('no WebTransport');
  return { client, service, queues: paths.map((path) => service.sessions(path)) };
}

describe('webTransportSessions', () => {
  it('accepts a session when it is asked for the next', async () => {
    const { client, queues } = iterate(['/chat']);
    client.connect(0);
    client.connect(4);
    expect(client.calls()).toEqual([]);
    expect(pathOf((await queues[0]?.next()) ?? END)).toBe('/chat?room=1');
    expect(client.calls()).toEqual(accepted(0));
    const next = queues[0]?.next();
    const waiting = queues[0]?.next();
    expect(client.calls()).toEqual(accepted(4));
    client.connect(8);
    expect(client.calls()).toEqual(accepted(8));
    expect([pathOf((await next) ?? END), pathOf((await waiting) ?? END)]).toEqual(['/chat?room=1', '/chat?room=1']);
  });

  it('has each session go to one: of its path, a listener, of any path', async () => {
    const { client, queues } = iterate(['/a', '/b', undefined]);
    const taken: (string | undefined)[][] = [[], [], []];
    const loops = queues.map(async (queue, index) => {
      for await (const { request } of queue) taken[index]?.push(request.path);
    });
    client.connect(0, { ':path': '/b' });
    client.connect(4, { ':path': '/a?b' });
    client.connect(8, { ':path': '/c' });
    client.listen();
    client.connect(12, { ':path': '/b' });
    client.connect(16, { ':path': '/c' });
    expect(client.requests.map(({ path }) => path)).toEqual(['/c']);
    await new Promise(setImmediate);
    client.server.webTransport?.endQueues();
    await Promise.all(loops);
    expect(taken).toEqual([['/a?b'], ['/b', '/b'], ['/c']]);
  });

  it('keeps no more requests than maxQueuedSessions; the others get 503', () => {
    const { client } = iterate(['/chat'], { maxQueuedSessions: 2, maxSessions: 10 });
    for (const id of [0, 4, 8]) client.connect(id);
    expect(client.calls()).toEqual(answered(503, 8));
    expect(client.server.webTransport?.stats()).toMatchObject({ pending: 2, rejected: 1 });
  });

  it('has a second one of the same path take what the first has no room for', async () => {
    const { client, queues } = iterate(['/chat', '/chat'], { maxQueuedSessions: 1 });
    client.connect(0);
    client.connect(4);
    expect(client.calls()).toEqual([]);
    expect((await queues[1]?.next())?.value?.request.path).toBe('/chat?room=1');
    expect(client.calls()).toEqual(accepted(4));
  });

  it('forgets requests that the client gave up', async () => {
    const { client, queues } = iterate(['/chat']);
    client.connect(0);
    client.connect(4);
    client.event({ kind: ServerEventKind.RESET, streamId: 0, number: H3_REQUEST_CANCELLED });
    client.calls();
    await queues[0]?.next();
    expect(client.calls()).toEqual(accepted(4));
  });

  it('lets those that wait have 503 when the loop is left, and the path is free', async () => {
    const { client, queues } = iterate(['/chat']);
    client.connect(0);
    client.connect(4);
    for await (const session of queues[0] ?? []) {
      expect(session.request.path).toBe('/chat?room=1');
      client.calls();
      break;
    }
    expect(client.calls()).toEqual(answered(503, 4));
    client.connect(8);
    expect(client.calls()).toEqual(answered(404, 8));
    expect(await queues[0]?.next()).toEqual(END);
  });

  it('ends with the server, and what it took goes on', async () => {
    const { client, queues, service } = iterate(['/chat', undefined]);
    client.connect(0);
    await queues[0]?.next();
    const waiting = [...queues, ...queues].map((queue) => queue.next());
    service.endQueues();
    expect(await Promise.all(waiting)).toEqual([END, END, END, END]);
    expect(await queues[0]?.next()).toEqual(END);
    expect(service.stats()).toMatchObject({ sessions: 1, pending: 0 });
    service.endQueues();
  });
});

const END = { done: true, value: undefined } as const;
