import { expect, it, vi } from 'vitest';
import type { Http3Error } from '../../../src/errors.js';
import { CloseKind, Http3State } from '../../../src/native.js';
import { ServerEventKind } from '../../../src/native-server.js';
import { fetchBytes } from '../../support/settlement.js';
import { ScriptedServer } from '../support/scripted-server.js';
import { event, serve, testIdentity } from '../support/served.js';

const CLOSE_KIND_SHIFT = 8;

it('SNICallback that never answers: the client is refused, and handshakeError says so', async () => {
  const { certificate } = await testIdentity();
  const late: (() => void)[] = [];
  const served = await serve({
    handshakeTimeout: 200,
    SNICallback: (_name, callback) => {
      late.push(() => callback(null, { key: certificate.keyPem, cert: certificate.certPem }));
    },
  });
  const messages: string[] = [];
  // One for each: what the client says to the refusal begins no other connection.
  served.server.on('handshakeError', ({ message }: Http3Error) => messages.push(message));
  const heard = event(served.server, 'handshakeError');
  const { error } = await fetchBytes(served.connect({ servername: 'slow.test' }));
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  await heard;
  // A late answer is nobody's: not that of the next handshake, which has the same handle.
  const asked = late.length;
  const next = fetchBytes(served.connect({ servername: 'slow.test' }));
  await vi.waitFor(() => expect(late.length).toBeGreaterThan(asked));
  for (const answer of late.slice(0, asked)) answer();
  expect((await next).error).toMatchObject({ code: 'ECONNREFUSED' });
  expect(messages).toEqual(late.map(() => "No certificate for 'slow.test' within 200 ms"));
});

it('the handle of such a handshake is released when its end was told', () => {
  const server = new ScriptedServer(() => undefined);
  const told: unknown[] = [];
  server.on('handshakeEnd', (handle) => told.push([handle, server.takeCalls()]));
  server.engine.script({ kind: ServerEventKind.SERVER_NAME, handle: 3, text: 'slow.test' });
  const flags = Http3State.CLOSED | (CloseKind.HANDSHAKE_TIMEOUT << CLOSE_KIND_SHIFT);
  server.engine.script({ kind: ServerEventKind.STATE_CHANGE, handle: 3, flags });
  server.driver.recvData();
  expect(told).toEqual([[3, []]]);
  expect(server.takeCalls()).toEqual(['release 3']);
});
