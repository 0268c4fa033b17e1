import { expect, it } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { CloseKind, Http3State } from '../../../src/native.js';
import { ServerEventKind } from '../../../src/native-server.js';
import type { Http3ServerSession } from '../../../src/server/server-session.js';
import { GET, ScriptedServer } from '../support/scripted-server.js';

const CLOSE_KIND_SHIFT = 8;

/** The errors of a session whose client closes it with a code. */
function errorsOfClose(number: number): unknown[] {
  const errors: unknown[] = [];
  const server = new ScriptedServer((stream) => stream.end());
  server.request(GET, true);
  server.engine.script({ kind: ServerEventKind.STATE_CHANGE, handle: 0, flags: Http3State.CONNECTED });
  server.driver.recvData();
  const [session] = server.sessions as [Http3ServerSession];
  session.on('error', (error) => errors.push(error));
  const flags = Http3State.CLOSED | (CloseKind.PEER_APPLICATION << CLOSE_KIND_SHIFT);
  server.engine.script({ kind: ServerEventKind.STATE_CHANGE, handle: 0, flags, number });
  server.driver.recvData();
  expect(session.destroyed).toBe(true);
  return errors;
}

it('a close with a code that is unknown counts as H3_NO_ERROR (RFC 9114 8)', () => {
  expect(errorsOfClose(H3_ERROR.H3_NO_ERROR)).toEqual([]);
  expect(errorsOfClose(0)).toEqual([]);
  expect(errorsOfClose(0x21)).toEqual([]);
});

it('a close with a code that is known is an error', () => {
  expect(errorsOfClose(H3_ERROR.H3_EXCESSIVE_LOAD)).toMatchObject([{ errorName: 'H3_EXCESSIVE_LOAD' }]);
});
