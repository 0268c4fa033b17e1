import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSecureServer } from '../../../src/server/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { event, serve, testIdentity } from '../support/served.js';

it.each([
  ['does not exist', 'missing', 'ENOENT'],
  ['is a file', 'file', 'ENOTDIR'],
])('a qlogDir that %s is an error of listen', async (_, name, code) => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'file'), '');
  const { certificate } = await testIdentity();
  const qlogDir = join(directory, name);
  const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem, qlogDir });
  const ended = Promise.race([event(server, 'error'), event(server, 'listening')]);
  server.listen(0, '127.0.0.1');
  const [error] = await ended;
  server.destroy();
  expect(error).toMatchObject({ code, message: expect.stringContaining(`qlogDir: ${qlogDir}`) });
  expect(server.address()).toBeNull();
});

it('a directory that can be written to is none', async () => {
  const { server } = await serve({ qlogDir: await temporaryDirectory() });
  expect(server.listening).toBe(true);
});
