import { expect, test } from 'vitest';
import { connectedPair, type End, type Pair } from './raw-pair.js';

const CODE = 0x52e4a40fa8db;
const SESSION = 72;

type Role = (pair: Pair) => readonly [opener: End, other: End];
const ENDS: readonly (readonly [name: string, role: Role])[] = [
  ['client', ({ client, server }) => [client, server]],
  ['server', ({ client, server }) => [server, client]],
];

test.each(ENDS)(
  'a stream is known though its reset came in the same batch of packets: %s opens it',
  async (_, role) => {
    // Without RESET_STREAM_AT, as Chromium: nothing but the order of the packets keeps the header.
    const pair = await connectedPair({ resetStreamAt: false }, { resetStreamAt: false });
    const [opener, other] = role(pair);
    for (const bidirectional of [true, false]) {
      const stream = opener.open(SESSION, bidirectional);
      opener.send(stream, 'payload', false);
      opener.flush();
      opener.reset(stream, CODE);
      opener.flush();
      await pair.until(() => other.of('RESET', stream).length > 0);
      expect(other.of('WEBTRANSPORT_STREAM', stream)).toMatchObject([{ number: SESSION }]);
      expect(other.of('RESET', stream)).toMatchObject([{ number: CODE }]);
    }
  },
);
