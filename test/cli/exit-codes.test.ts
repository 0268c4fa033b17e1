import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { findFreePort } from '../support/free-port.js';
import type { ChildOutcome } from '../support/run-child.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { bindUdpSocket } from '../support/udp-socket.js';
import { CliSite, IdentityFile, runCli } from './cli-process.js';

const FILE_BYTES = 100_000;

let site: CliSite;
let identity: IdentityFile;
let scripted: AioquicServer;

beforeAll(async () => {
  site = await CliSite.start({ file: FILE_BYTES });
  identity = await IdentityFile.make();
  scripted = await AioquicServer.start({ certificate: identity.identity.certificate });
});

afterAll(async () => {
  await scripted?.stop();
  await identity?.remove();
  await site?.stop();
});

/** curl's form of an error message. */
function expectFailure({ exitCode, signal, stderr }: ChildOutcome, code: number, message: string | RegExp): void {
  expect({ exitCode, signal, stderr }).toEqual({
    exitCode: code,
    signal: null,
    stderr: expect.stringMatching(message),
  });
  expect(stderr).toMatch(new RegExp(`^necko-http3: \\(${code}\\) .*\\n$`));
}

describe('exit codes are curl’s', () => {
  it('0 after success', async () => {
    expect(await site.run([site.url('/hello')])).toMatchObject({ exitCode: 0, stdout: 'hello\n', stderr: '' });
  });

  it('1 for a protocol that is not https', async () => {
    expectFailure(await runCli(['http://127.0.0.1/']), 1, 'Protocol "http" not supported');
    expectFailure(await site.run(['-L', site.url('/moved-to-http')]), 1, 'Protocol "http" not supported');
  });

  it('2 for a wrong command line, with a hint', async () => {
    const { exitCode, stderr, stdout } = await runCli(['--nonsense']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe(
      "necko-http3: option --nonsense: is unknown\nnecko-http3: try 'necko-http3 --help' for more information\n",
    );
  });

  it('2 for a header that HTTP/3 cannot carry', async () => {
    expectFailure(await site.run(['-H', 'bad name: x', site.url('/hello')]), 2, 'bad name');
  });

  it('3 for a malformed URL', async () => {
    expectFailure(await runCli(['https://a b/']), 3, 'URL using bad/illegal format');
  });

  it('6 for a name that cannot be resolved', async () => {
    expectFailure(await runCli(['https://name.invalid/']), 6, 'Could not resolve host: name.invalid');
  });

  it('7 for a closed port', async () => {
    const port = await findFreePort('127.0.0.1');
    const url = `https://127.0.0.1:${port}/`;
    expectFailure(await runCli([url]), 7, `Failed to connect to 127.0.0.1 port ${port}: `);
  });

  it('18 for a response that ends too early', async () => {
    expectFailure(
      await site.run(['-o', '/dev/null', site.url('/origin/abort?after=1000')]),
      18,
      '1000 bytes remaining',
    );
  });

  it('22 for status 400 and above with -f, and nothing of the body', async () => {
    const outcome = await site.run(['-f', site.url('/teapot')]);
    expect(outcome.stdout).toBe('');
    expectFailure(outcome, 22, 'The requested URL returned error: 418');
    expect(await site.run([site.url('/teapot')])).toMatchObject({ exitCode: 0, stdout: 'short and stout' });
  });

  it('23 for an output that cannot be written', async () => {
    const path = join(await temporaryDirectory(), 'missing', 'file');
    expectFailure(
      await site.run(['-o', path, site.url('/hello')]),
      23,
      'Failure writing output to destination: ENOENT',
    );
    expectFailure(await site.run(['-o', '/dev/full', site.url('/hello')]), 23, 'ENOSPC');
    expectFailure(await site.run(['-O', site.url('/')]), 23, 'Remote file name has no length');
  });

  it('26 for a local file that cannot be read', async () => {
    const missing = join(await temporaryDirectory(), 'missing');
    for (const args of [
      ['-d', `@${missing}`],
      ['-T', missing],
      ['-H', `@${missing}`],
      ['-w', `@${missing}`],
    ]) {
      expectFailure(await site.run([...args, site.url('/hello')]), 26, 'Failed to open/read local data');
    }
  });

  it('28 when no connection comes about in time', async () => {
    const silent = await bindUdpSocket('127.0.0.1', 0);
    onTestFinished(() => {
      silent.close();
    });
    const url = `https://127.0.0.1:${silent.address().port}/`;
    expectFailure(await runCli(['--connect-timeout', '0.2', url]), 28, 'within 200 ms');
    expectFailure(await runCli(['-m', '0.2', url]), 28, 'timed out after 200 milliseconds with 0 bytes received');
  });

  it('28 when the whole takes too long, keeping what came', async () => {
    const path = join(await temporaryDirectory(), 'partial');
    const outcome = await identity.run(['-m', '1', '-o', path, `${scripted.origin}/stall?after=1000`]);
    expectFailure(outcome, 28, 'with 1000 bytes received');
  });

  it('35 for a handshake that fails', async () => {
    // Caddy has no certificate for this name and says so with an alert.
    const { port } = site.caddy;
    const args = ['--resolve', `unknown.example:${port}:127.0.0.1`, `https://unknown.example:${port}/`];
    expectFailure(await site.run(args), 35, 'TLS handshake failed');
  });

  it('47 after too many redirects', async () => {
    expectFailure(
      await site.run(['-L', '--max-redirs', '3', site.url('/loop')]),
      47,
      /Maximum \(3\) redirects followed/,
    );
  });

  it('49 for a --resolve that cannot be read', async () => {
    expectFailure(await site.run(['--resolve', 'host:port', site.url('/hello')]), 49, '--resolve');
  });

  it('56 for a connection that is lost', async () => {
    expectFailure(await identity.run([`${scripted.origin}/close?code=0x102&after=10`]), 56, 'H3_INTERNAL_ERROR');
  });

  it('60 for a certificate that does not verify', async () => {
    expectFailure(
      await runCli([site.url('/hello')]),
      60,
      'SSL certificate problem: unable to verify the first certificate',
    );
    expect(await runCli(['-k', site.url('/hello')])).toMatchObject({ exitCode: 0, stdout: 'hello\n' });
  });

  it('61 for a content encoding that is not known or wrong', async () => {
    expectFailure(await site.run(['--compressed', site.url('/unknown-encoding')]), 61, "type 'zstd'");
    expectFailure(await site.run(['--compressed', site.url('/wrong-encoding')]), 61, 'content unencoding');
    expect(await site.run([site.url('/unknown-encoding')])).toMatchObject({ exitCode: 0, stdout: 'x' });
  });

  it('63 for a response that is too large, known beforehand or not', async () => {
    const outcome = await site.run(['--max-filesize', '1k', site.url('/file')]);
    expectFailure(outcome, 63, 'Maximum file size exceeded');
    expectFailure(
      await site.run(['--max-filesize', '1k', '-o', '/dev/null', site.url('/origin/slow-write?length=3000')]),
      63,
      'Maximum file size exceeded',
    );
  });

  it('65 for standard input that a redirect wants again', async () => {
    const args = ['-L', '-T', '-', site.url('/moved-keeping-method')];
    expectFailure(await site.run(args, { input: 'once' }), 65, 'cannot be rewound');
  });

  it('77 for a CA file that cannot be used', async () => {
    const empty = join(await temporaryDirectory(), 'empty.pem');
    await writeFile(empty, '');
    expectFailure(await runCli(['--cacert', empty, site.url('/hello')]), 77, 'no certificate found');
    expectFailure(await runCli(['--cacert', `${empty}.missing`, site.url('/hello')]), 77, 'ENOENT');
  });

  it('95 for a server that breaks HTTP/3, or resets a request', async () => {
    expectFailure(await identity.run([`${scripted.origin}/reset`]), 95, 'H3_INTERNAL_ERROR');
    expectFailure(await identity.run([`${scripted.origin}/response-headers?Upper=1`]), 95, 'Malformed response');
  });
});

describe('several URLs', () => {
  it('end with the code of the last one', async () => {
    const [good, bad] = [site.url('/hello'), site.url('/teapot')];
    expect(await site.run(['-f', bad, good])).toMatchObject({ exitCode: 0, stdout: 'hello\n' });
    expect(await site.run(['-f', good, bad])).toMatchObject({ exitCode: 22, stdout: 'hello\n' });
  });

  it('end at the first failure with --fail-early', async () => {
    expect(await site.run(['--fail-early', '-f', site.url('/teapot'), site.url('/hello')])).toMatchObject({
      exitCode: 22,
      stdout: '',
    });
  });
});

describe('error messages', () => {
  it('are left out with -s alone', async () => {
    expect(await runCli(['-s', 'https://name.invalid/'])).toMatchObject({ exitCode: 6, stdout: '', stderr: '' });
  });
});
