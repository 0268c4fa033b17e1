import { expect, it } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { ServerEventKind } from '../../../src/native-server.js';
import { closeCapsule, ScriptedClient } from './support/scripted-client.js';

const SESSIONS = 100;

it('a connection can have 100 sessions; when all have ended in their ways, nothing is left', async () => {
  const client = new ScriptedClient({ maxSessions: SESSIONS }).listen().settings();
  for (let index = 0; index < SESSIONS; index += 1) client.connect(index * 4);
  client.connect(SESSIONS * 4);
  expect(client.requests).toHaveLength(SESSIONS);
  const sessions = client.requests.map((request) => request.accept());
  const calls = client.calls();
  expect(calls.filter((call) => call.startsWith('respond'))).toHaveLength(SESSIONS);
  expect(calls).toContain(`reset ${SESSIONS * 4} ${H3_ERROR.H3_REQUEST_REJECTED}`);
  expect(client.server.sessions[0]?.openStreams).toBe(SESSIONS);

  const ends = sessions.map(({ closed }) => closed.then(() => 'closed').catch(() => 'failed'));
  for (const [index, session] of sessions.entries()) {
    const id = index * 4;
    if (index % 4 === 0) client.control(id, closeCapsule(index, ''), true);
    else if (index % 4 === 1) client.control(id, Buffer.alloc(0), true);
    else if (index % 4 === 2) client.event({ kind: ServerEventKind.RESET, streamId: id, number: 0x10c });
    else {
      session.close();
      client.control(id, Buffer.alloc(0), true);
    }
  }
  client.calls();
  expect(await Promise.all(ends)).toEqual(sessions.map((_, index) => (index % 4 === 2 ? 'failed' : 'closed')));
  expect(client.server.sessions[0]?.openStreams).toBe(0);
  expect(client.server.webTransport?.stats()).toEqual({
    sessions: 0,
    pending: 0,
    accepted: SESSIONS,
    rejected: 0,
  });
});
