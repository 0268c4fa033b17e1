import { expect, it } from 'vitest';
import { resolveConnectionIds } from '../../../src/server/connection-id-options.js';
import { resolveServerOptions } from '../../../src/server/server-options.js';

it.each([
  ['alone', undefined, undefined, [0xe0], 9],
  ['of several', undefined, 0x0102, [0xe0, 1, 2], 11],
  ['behind a load balancer', { serverId: 'a1b2', configRotation: 2 }, undefined, [0x40, 0xa1, 0xb2], 11],
  ['both', { serverId: Uint8Array.of(9) }, 258, [0, 9, 1, 2], 12],
  ['a long server id', { serverId: '010203040506070809' }, undefined, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 16],
  ['both, with a long server id', { serverId: '01020304050607' }, 3, [0, 1, 2, 3, 4, 5, 6, 7, 0, 3], 16],
])('ids of a process: %s', (_name, options, processId, prefix, length) => {
  const ids = resolveConnectionIds(options, processId);
  expect([...ids.connectionIdPrefix]).toEqual(prefix);
  expect(ids.connectionIdLength).toBe(length);
});

it.each([
  ['no room for it', { serverId: '01020304050607080910' }, undefined, '1 to 9 bytes'],
  ['no room for it and the id of the process', { serverId: '0102030405060708' }, 1, '1 to 7 bytes'],
  ['empty', { serverId: '' }, undefined, 'hex'],
  ['half a byte', { serverId: 'abc' }, undefined, 'hex'],
  ['a rotation that says unroutable', { serverId: '01', configRotation: 7 }, undefined, 'configRotation'],
])('a server id: %s', (_name, options, processId, message) => {
  const resolve = () => resolveConnectionIds(options, processId);
  expect(resolve).toThrow(expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' }));
  expect(resolve).toThrow(message);
});

it('the id of a process keeps its session ids apart, too', () => {
  const sharedPort = { directory: '/run/example', id: 7 };
  expect(resolveServerOptions({ sharedPort }).nodeId).toBe(7);
  expect(resolveServerOptions({ sharedPort, nodeId: 1000 }).nodeId).toBe(1000);
});
