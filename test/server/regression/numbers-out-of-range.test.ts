import { expect, it } from 'vitest';
import { InvalidArgumentError } from '../../../src/errors.js';
import { connect } from '../../../src/index.js';
import { createSecureServer, type ServerOptions } from '../../../src/server/index.js';

it.each<[ServerOptions, string]>([
  [{ quic: { fastPto: 0 } }, 'quic.fastPto: must be a whole number from 1 to 255, not 0'],
  [{ virtualFds: { quarantineMs: 2 ** 31 } }, 'virtualFds.quarantineMs: must be a whole number from 0 to 2147483647'],
  [{ virtualFds: { listSize: 2 ** 31 } }, 'virtualFds.listSize: must be a whole number from 1 to 2147483647'],
])('%j is refused when the server is made', (options, message) => {
  expect(() => createSecureServer(options)).toThrow(
    expect.objectContaining({ code: 'UND_ERR_INVALID_ARG', message: expect.stringContaining(message) }),
  );
});

it('fastPto 0 is refused by the client as well', () => {
  expect(() => connect('https://127.0.0.1', { quic: { fastPto: 0 } })).toThrow(InvalidArgumentError);
});
