/** The command line of docs/webtransport.md that makes a certificate, and the example program that serves with it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { WebTransport } from '../../src/webtransport.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const run = promisify(execFile);
const PAGE = new URL('../../docs/webtransport.md', import.meta.url);
const CHAT_SERVER = fileURLToPath(new URL('../../examples/webtransport/chat-server.mjs', import.meta.url));

const hasOpenssl = await run('openssl', ['version']).then(
  () => true,
  () => false,
);

it.skipIf(!hasOpenssl)('the certificate that the documentation makes is accepted by its hash', async () => {
  const cwd = await temporaryDirectory();
  const [, command = ''] = /```sh\n(openssl[\s\S]*?)```/.exec(await readFile(PAGE, 'utf8')) ?? [];
  await run('/bin/sh', ['-c', command], { cwd });
  const server = spawn(process.execPath, [CHAT_SERVER, 'key.pem', 'cert.pem', '0'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    server.kill();
    await once(server, 'close');
  });
  let said = '';
  for await (const line of createInterface(server.stdout)) {
    said += `${line}\n`;
    if (line.startsWith('SHA-256')) break;
  }
  const [, url = '', sha256 = ''] = /Sessions: (\S+)\/chat[\s\S]* (\w{64})\n/.exec(said) ?? [];
  const transport = new WebTransport(`${url}/echo`, {
    serverCertificateHashes: [{ algorithm: 'sha-256', value: Buffer.from(sha256, 'hex') }],
  });
  await transport.ready;
  transport.close();
  expect(await transport.closed).toEqual({ closeCode: 0, reason: '' });
});
