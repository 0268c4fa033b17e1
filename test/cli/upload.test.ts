import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { bodySha256, generateBody } from '../support/site-files.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { waitUntil } from '../support/wait-until.js';
import { CliSite, cliCommand, IdentityFile } from './cli-process.js';

const UPLOAD_BYTES = 8 * 1024 * 1024;

let site: CliSite;
let identity: IdentityFile;
/** Takes bodies of unknown length, which Caddy does not pass on. */
let scripted: AioquicServer;

beforeAll(async () => {
  site = await CliSite.start();
  identity = await IdentityFile.make();
  scripted = await AioquicServer.start({ certificate: identity.identity.certificate });
});

afterAll(async () => {
  await scripted?.stop();
  await identity?.remove();
  await site?.stop();
});

async function uploadFile(): Promise<string> {
  const path = join(await temporaryDirectory(), 'upload');
  await writeFile(path, [...generateBody(UPLOAD_BYTES)]);
  return path;
}

describe('-d', () => {
  it('posts a form, its parts joined with &', async () => {
    expect((await site.run(['-d', 'a=b', '-d', 'c=d', site.url('/origin/echo')])).stdout).toBe('a=b&c=d');
    const head = await site.run(['-d', 'a=b', site.url('/origin/request-head')]);
    const { method, headers } = JSON.parse(head.stdout) as { method: string; headers: string[] };
    expect(method).toBe('POST');
    expect(headers[headers.indexOf('Content-Type') + 1]).toBe('application/x-www-form-urlencoded');
    expect(headers[headers.indexOf('Content-Length') + 1]).toBe('3');
  });

  it('reads a file without its line ends, --data-binary as it is, --data-raw not at all', async () => {
    const path = join(await temporaryDirectory(), 'data');
    await writeFile(path, 'a\r\nb\n\0c');
    const post = async (option: string): Promise<string> =>
      (await site.run([option, `@${path}`, site.url('/origin/echo')])).stdout;
    expect(await post('-d')).toBe('abc');
    expect(await post('--data-binary')).toBe('a\r\nb\n\0c');
    expect(await post('--data-raw')).toBe(`@${path}`);
  });

  it('reads standard input', async () => {
    const { stdout } = await site.run(['-d', '@-', site.url('/origin/echo')], { input: 'from\nhere' });
    expect(stdout).toBe('fromhere');
  });

  it('becomes the query with -G', async () => {
    const { stdout } = await site.run(['-G', '-d', 'a=b', '-d', 'c', site.url('/origin/request-head?x')]);
    expect(JSON.parse(stdout)).toMatchObject({ method: 'GET', url: '/request-head?x&a=b&c' });
  });

  it('goes with the method of -X', async () => {
    const { stdout } = await site.run(['-X', 'PATCH', '-d', 'a', site.url('/origin/request-head')]);
    expect(JSON.parse(stdout)).toMatchObject({ method: 'PATCH' });
  });
});

describe('-T', () => {
  it('puts a file, byte for byte', async () => {
    const path = await uploadFile();
    const { stdout } = await site.run(['-T', path, '-w', ' %{method} %{size_upload}', site.url('/origin/digest')]);
    expect(stdout).toBe(`{"bytes":${UPLOAD_BYTES},"sha256":"${bodySha256(UPLOAD_BYTES)}"} PUT ${UPLOAD_BYTES}`);
  });

  it('adds the name of the file to a URL that ends with a slash', async () => {
    const path = await uploadFile();
    const { stdout } = await site.run(['-T', path, '-w', '%{url_effective}', site.url('/origin/')]);
    expect(stdout).toBe(site.url('/origin/upload'));
  });

  it('puts standard input, of whatever length', async () => {
    const body = Buffer.concat([...generateBody(UPLOAD_BYTES)]);
    const { stdout } = await identity.run(['-T', '-', `${scripted.origin}/digest`], { input: body });
    expect(JSON.parse(stdout)).toEqual({ bytes: UPLOAD_BYTES, sha256: bodySha256(UPLOAD_BYTES) });
  });

  it.each([
    ['the transfer has failed', ['-T', '-', '-m', '1'], 28, undefined],
    ['it is interrupted while it sends', ['-T', '-', '-v'], 130, /^> PUT/m],
    // The warning comes before the reading.
    ['it is interrupted while it reads', ['-d', '@-', '-o', '/dev/null', '-o', '/dev/null'], 130, /^Warning: /m],
  ])('does not keep the process alive when %s', async (_when, args, exitCode, interruptAt) => {
    const words = cliCommand(['-k', ...args, `${scripted.origin}/stall`]);
    // Its standard input never ends.
    const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stdin.on('error', () => undefined);
    child.stdin.write('some');
    let shown = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    const closed = once(child, 'close');
    if (interruptAt !== undefined) {
      await waitUntil('the moment to interrupt', () => interruptAt.test(shown));
      child.kill('SIGINT');
    }
    expect(await closed).toEqual([exitCode, null]);
  });
});

describe('--limit-rate', () => {
  it('changes nothing of what is sent and received', async () => {
    const path = await uploadFile();
    const args = ['--limit-rate', '20m', '-T', path, '-o', join(path, '..', 'back'), site.url('/origin/echo')];
    const { stdout } = await site.run([...args, '-w', '%{size_upload} %{size_download}']);
    expect(stdout).toBe(`${UPLOAD_BYTES} ${UPLOAD_BYTES}`);
    const digest = await site.run(['-T', join(path, '..', 'back'), site.url('/origin/digest')]);
    expect(JSON.parse(digest.stdout)).toEqual({ bytes: UPLOAD_BYTES, sha256: bodySha256(UPLOAD_BYTES) });
  });

  it('ends with the transfer, not with its own clock', async () => {
    const { exitCode } = await site.run(['--limit-rate', '1', '-m', '1', site.url('/origin/bytes?length=100000')]);
    expect(exitCode).toBe(28);
  });
});
