import { expect, it } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { ScriptedServer } from '../support/scripted-server.js';

it('an extended CONNECT, which the settings do not offer, is malformed and nobody sees it (RFC 9220 3)', () => {
  const seen: object[] = [];
  const scripted = new ScriptedServer((_, headers) => seen.push(headers));
  const target = [':scheme', 'https', ':authority', 'test', ':path', '/'];
  scripted.request([':method', 'CONNECT', ':protocol', 'websocket', ...target], false);
  expect(seen).toEqual([]);
  const code = H3_ERROR.H3_MESSAGE_ERROR;
  expect(scripted.takeCalls()).toEqual(expect.arrayContaining([expect.stringContaining(String(code))]));
});
