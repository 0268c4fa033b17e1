import { chmod, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSecureServer } from '../../../src/server/index.js';
import { runProgram } from '../../support/run-child.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { SharingProcesses, testIdentity, who } from './sharing-processes.js';

/** Sends datagrams of random bytes and lengths to a Unix socket as a given user; some begin as ours do. Prints the first error. */
const FLOOD = `
use Socket;
my ($path, $uid) = @ARGV;
$> = $uid;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
for my $i (1 .. 2000) {
  my $junk = join '', map { chr int rand 256 } 1 .. int rand 200;
  $junk = chr(2) . $junk if $i % 2;
  my $sent = send($socket, $junk, 0, pack_sockaddr_un($path));
  if (!defined $sent) { print $!{EACCES} ? 'EACCES' : $!; last; }
}`;
const NOBODY = 65_534;

it('what comes over the Unix socket and is none of ours is ignored', async () => {
  const group = await SharingProcesses.start(1);
  const session = group.connect();
  const before = await who(session);
  const path = join(group.directory, '0001.sock');
  const { stdout } = await runProgram('perl', ['-e', FLOOD, path, String(process.getuid?.())]);
  expect(stdout).toBe('');
  expect(await who(session)).toEqual(before);
});

it.skipIf(process.getuid?.() !== 0)('another user cannot send to it', async () => {
  const group = await SharingProcesses.start(1);
  const path = join(group.directory, '0001.sock');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const flood = () => runProgram('perl', ['-e', FLOOD, path, String(NOBODY)]);
  expect((await flood()).stdout).toBe('EACCES');
  // The socket itself is closed to others, whatever becomes of the directory.
  await chmod(group.directory, 0o755);
  expect((await flood()).stdout).toBe('EACCES');
});

it('a directory that others can enter, or a link, is refused', async () => {
  const { certificate } = await testIdentity();
  const base = await temporaryDirectory();
  const open = join(base, 'open');
  await mkdir(open, { mode: 0o755 });
  const link = join(base, 'link');
  await mkdir(join(base, 'closed'), { mode: 0o700 });
  await symlink(join(base, 'closed'), link);
  for (const directory of [open, link]) {
    const server = createSecureServer({
      key: certificate.keyPem,
      cert: certificate.certPem,
      sharedPort: { directory, id: 1 },
    });
    const error = await new Promise((resolve) => server.once('error', resolve).listen({ port: 0, host: '127.0.0.1' }));
    expect(error).toMatchObject({ code: 'UND_ERR_INVALID_ARG', message: expect.stringContaining('mode 0700') });
  }
});

it.each([
  ['no cluster', true],
  ['a relative path', { directory: 'run', id: 1 }],
  ['no id', { directory: '/run/x' } as never],
  ['an id that is too large', { directory: '/run/x', id: 65_536 }],
])('sharedPort: %s', (_name, sharedPort) => {
  expect(() => createSecureServer({ sharedPort })).toThrow(expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' }));
});
