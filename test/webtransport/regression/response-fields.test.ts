import { expect, test } from 'vitest';
import { MessageError } from '../../../src/errors.js';
import { WEBTRANSPORT_VERSIONS } from '../../../src/stream/webtransport/versions.js';
import { readConnectResponse } from '../../../src/webtransport/client/connect-response.js';

const [version] = WEBTRANSPORT_VERSIONS;

// What is thrown later, while the session's object is made of the answer, would leave `ready` pending for ever.
test.each([
  ['a b', 'x'],
  ['x-a', 'a\u0000b'],
  ['x-a', 'a\r\nb'],
])('a response with the field %j: %j is malformed', (name, value) => {
  if (version === undefined) throw new Error('there is no version');
  const section = [':status', '200', name, value];
  expect(() => readConnectResponse(section, [], version)).toThrow(MessageError);
});
