import { expect, it } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { ServerEventKind } from '../../../src/native-server.js';
import { ScriptedClient } from './support/scripted-client.js';

const { H3_REQUEST_CANCELLED, H3_ID_ERROR } = H3_ERROR;
const SESSION_GONE = 0x170d7b68;
const reset = (streamId: number) => ({ kind: ServerEventKind.RESET, streamId, number: H3_REQUEST_CANCELLED });
const incoming = (streamId: number, sessionId: number) => ({
  kind: ServerEventKind.WEBTRANSPORT_STREAM,
  streamId,
  number: sessionId,
});

it('resets of the streams of sessions are not answered as those of requests', async () => {
  const client = new ScriptedClient().listen().settings();
  client.connect(0);
  const session = client.requests[0]?.accept();
  client.calls();
  client.event(incoming(4, 0), incoming(2, 0));
  client.event(reset(2), reset(4));
  // The second time, when nobody knows the streams any more.
  client.event(reset(2), reset(4), reset(3), reset(1));
  expect(client.calls()).toEqual([]);
  // A request that was reset before its header section was complete.
  client.event(reset(8));
  expect(client.calls()).toEqual([`reset 8 ${H3_REQUEST_CANCELLED}`]);
  session?.close();
});

it('streams and datagrams that come before the request, and before it is accepted, are the session its own', async () => {
  const client = new ScriptedClient().listen().settings();
  client.event(incoming(4, 0), incoming(2, 0), { kind: ServerEventKind.DATAGRAM, streamId: 0, text: 'first' });
  client.connect(0);
  client.event(incoming(6, 0), { kind: ServerEventKind.DATAGRAM, streamId: 0, text: 'second' });
  const session = client.requests[0]?.accept();
  client.calls();
  const unidirectional = session?.incomingUnidirectionalStreams.getReader();
  const bidirectional = session?.incomingBidirectionalStreams.getReader();
  const datagrams = session?.datagrams.readable.getReader();
  for (const reader of [unidirectional, unidirectional, bidirectional]) {
    expect(await reader?.read()).toMatchObject({ done: false });
  }
  const texts = [await datagrams?.read(), await datagrams?.read()].map((result) =>
    String(Buffer.from(result?.value ?? [])),
  );
  expect(texts).toEqual(['first', 'second']);
});

it('streams of a request that is rejected, or is none for a session, are refused', () => {
  const client = new ScriptedClient().listen().settings();
  client.event(incoming(2, 0), incoming(6, 4));
  client.connect(0);
  client.requests[0]?.reject();
  client.connect(4, { ':protocol': 'websocket' });
  const calls = client.calls();
  expect(calls).toContain(`stop 2 ${SESSION_GONE}`);
  expect(calls).toContain(`stop 6 ${SESSION_GONE}`);
});

it('a stream whose session cannot be one closes the connection with H3_ID_ERROR', () => {
  const client = new ScriptedClient().listen().settings();
  client.event({ kind: ServerEventKind.STATE_CHANGE, flags: 2 });
  client.event(incoming(2, 3));
  expect(client.server.sessions[0]?.destroyed).toBe(true);
  expect(client.calls()).toContain(`close ${H3_ID_ERROR}`);
});
