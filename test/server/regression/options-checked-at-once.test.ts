import { expect, it } from 'vitest';
import { createSecureServer, type ServerOptions } from '../../../src/server/index.js';

it.each<[unknown, string]>([
  [undefined, 'options: must be an object'],
  [null, 'options: must be an object'],
  [() => undefined, 'options: must be an object'],
  [{ quic: null }, 'quic: must be an object'],
  [{ quic: 5 }, 'quic: must be an object'],
  [{ connectionId: null }, 'connectionId: must be an object'],
  [{ virtualFds: 5 }, 'virtualFds: must be an object'],
  [{ virtualFds: { mode: 'x' } }, 'virtualFds.mode'],
  [{ virtualFds: { listSize: 0 } }, 'virtualFds.listSize'],
  [{ workers: null }, 'workers: must be an object'],
  [{ workers: {} }, 'workers.module'],
  [{ workers: { module: 'm.js', count: 0 } }, 'workers.count'],
  [{ nodeId: 65_536 }, 'nodeId'],
])('case %#: %j is refused when the server is made, not when it listens', (options, message) => {
  expect(() => createSecureServer(options as ServerOptions)).toThrow(
    expect.objectContaining({ code: 'UND_ERR_INVALID_ARG', message: expect.stringContaining(message) }),
  );
});
