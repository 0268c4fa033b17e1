import { existsSync, readSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { UdpPoll } from '../../src/native.js';
import { loadServerAddon } from '../../src/native-server.js';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { runProgram } from '../support/run-child.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const READABLE = 1;
const { UdpPoll: Poll } = loadServerAddon();

function bind(unixPath: string, onReady: (events: number, status: number) => void = () => undefined): UdpPoll {
  const poll = new Poll({ unixPath }, onReady);
  onTestFinished(() => poll.close());
  return poll;
}

async function socketPath(): Promise<string> {
  return join(await temporaryDirectory(), 'forward.sock');
}

test('a Unix datagram socket has a file for this user alone, and removes it when it is closed', async () => {
  const before = listDescriptors();
  const path = await socketPath();
  const poll = bind(path);
  expect([poll.localAddress, poll.localPort]).toEqual([path, 0]);
  expect(listDescriptors().find(({ fd }) => fd === poll.fd)?.kind).toBe('unix');
  const status = statSync(path);
  expect(status.isSocket()).toBe(true);
  expect(status.mode & 0o777).toBe(0o600);
  poll.close();
  poll.close();
  expect(existsSync(path)).toBe(false);
  await expectNoNewDescriptors(before);
});

test('it tells of datagrams of other processes', async () => {
  const path = await socketPath();
  const text = new Promise<string>((resolve) => {
    const poll = bind(path, (events, status) => {
      expect([events, status]).toEqual([READABLE, 0]);
      poll.poll(0);
      const buffer = Buffer.alloc(100);
      resolve(buffer.toString('latin1', 0, readSync(poll.fd, buffer)));
    });
    poll.poll(READABLE);
  });
  const code = 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"hello", sys.argv[1])';
  expect(await runProgram('python3', ['-c', code, path])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await text).toBe('hello');
});

test('the file of a successor at the same path is left alone', async () => {
  const path = await socketPath();
  const first = bind(path);
  await rename(path, `${path}.old`);
  const second = bind(path);
  first.close();
  expect(existsSync(path)).toBe(true);
  second.close();
  expect(existsSync(path)).toBe(false);
});

test('a file whose socket is closed is replaced, one that is in use is not', async () => {
  const path = await socketPath();
  const killed = bind(path);
  await rename(path, `${path}.old`);
  killed.close();
  await rename(`${path}.old`, path);
  const successor = bind(path);
  expect(() => bind(path)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  successor.close();
  expect(existsSync(path)).toBe(false);
});

test('a path that is taken', async () => {
  const path = await socketPath();
  await writeFile(path, '');
  expect(() => bind(path)).toThrow(
    expect.objectContaining({ code: 'EADDRINUSE', syscall: 'bind', address: path, message: `bind EADDRINUSE ${path}` }),
  );
  expect(existsSync(path)).toBe(true);
});

test.each<[string, string, string]>([
  ['in no directory', '/nonexistent/forward.sock', 'ENOENT'],
  ['longer than a Unix address', `/tmp/${'x'.repeat(108)}`, 'ENAMETOOLONG'],
])('a path %s', (_name, path, code) => {
  expect(() => bind(path)).toThrow(expect.objectContaining({ code, syscall: 'bind', address: path }));
});

test.each<[string, unknown]>([
  ['empty', ''],
  ['with a null byte', '/tmp/forward\0.sock'],
  ['that is no string', 1],
])('throws a TypeError: a path %s', (_name, unixPath) => {
  expect(() => Reflect.construct(Poll, [{ unixPath }, () => undefined])).toThrow(TypeError);
});
