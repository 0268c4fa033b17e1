import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-child.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { waitUntil } from '../support/wait-until.js';
import { CliSite, cliCommand, shellLine } from './cli-process.js';

const LARGE_BYTES = 32 * 1024 * 1024;
const SMALL_BYTES = 300_000;

let site: CliSite;

beforeAll(async () => {
  site = await CliSite.start({ large: LARGE_BYTES, small: SMALL_BYTES });
});

afterAll(() => site?.stop());

/** Runs the client on a pseudo-terminal; what it writes to its standard output and error comes together. */
async function runOnTerminal(args: readonly string[], cwd: string): Promise<{ exitCode: number | null; text: string }> {
  const line = shellLine(cliCommand(['--cacert', site.caFile, ...args]));
  const { exitCode, stdout } = await runProgram('script', ['-qec', line, '/dev/null'], { cwd });
  return { exitCode, text: stdout };
}

const HEADERS = /^HTTP\/3 200 \r\n(?:[a-z-]+: [^\r\n]*\r\n)+\r\n/;

describe('the response body', () => {
  it('goes to standard output, or with -o to a file, byte for byte', async () => {
    const cwd = await temporaryDirectory();
    const run = async (args: readonly string[]): Promise<string> => {
      const { stdout, exitCode } = await runProgram('sh', [
        '-c',
        `${shellLine(cliCommand(['-sS', '--cacert', site.caFile, ...args, site.url('/large')]))} > ${cwd}/out && cat ${cwd}/out ${cwd}/file 2>/dev/null | sha256sum`,
      ]);
      expect(exitCode).toBe(0);
      return stdout.split(' ')[0] ?? '';
    };
    expect(await run([])).toBe(site.caddy.files.large?.sha256);
    expect(await run(['-o', join(cwd, 'file')])).toBe(site.caddy.files.large?.sha256);
  });

  it('goes to a file named as in the URL with -O', async () => {
    const cwd = await temporaryDirectory();
    expect(await site.run(['-O', `${site.url('/small')}?query#fragment`], { cwd })).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect((await stat(join(cwd, 'small'))).size).toBe(SMALL_BYTES);
  });

  it('goes to a directory that is made for it', async () => {
    const cwd = await temporaryDirectory();
    const args = ['--create-dirs', '--output-dir', 'a/b', '-o', 'c/one', '-O', site.url('/hello'), site.url('/small')];
    expect(await site.run(args, { cwd })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readdir(join(cwd, 'a/b'))).toEqual(['c', 'small']);
    expect(await readFile(join(cwd, 'a/b/c/one'), 'utf8')).toBe('hello\n');
  });

  it('makes an empty file if it is empty, and none if there is no response', async () => {
    const cwd = await temporaryDirectory();
    await site.run(['-o', 'empty', site.url('/origin/status?code=204')], { cwd });
    await site.run(['-f', '-o', 'none', site.url('/teapot')], { cwd });
    expect(await readdir(cwd)).toEqual(['empty']);
  });

  it('stays as far as it came when the transfer fails, unless it is to be removed', async () => {
    const cwd = await temporaryDirectory();
    const endless = ['-m', '2', site.url('/origin/slow-write?count=100000&length=1000')];
    await site.run(['-o', 'kept', ...endless], { cwd });
    await site.run(['--remove-on-error', '-o', 'removed', ...endless], { cwd });
    expect(await readdir(cwd)).toEqual(['kept']);
    expect((await stat(join(cwd, 'kept'))).size).toBeGreaterThan(0);
  });

  it('never removes a device', async () => {
    const url = site.url('/origin/slow-write?count=100000&length=1000');
    expect(await site.run(['--remove-on-error', '-m', '1', '-o', '/dev/null', url])).toMatchObject({ exitCode: 28 });
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('is decompressed with --compressed only', async () => {
    const { stdout } = await site.run([
      '--compressed',
      '-w',
      '%header{content-encoding}|%{size_download}',
      site.url('/hello'),
    ]);
    expect(stdout).toBe('hello\n|6');
  });
});

describe('headers', () => {
  it('come before the body with -i', async () => {
    const { stdout } = await site.run(['-i', site.url('/hello')]);
    expect(stdout).toMatch(HEADERS);
    expect(stdout.replace(HEADERS, '')).toBe('hello\n');
    expect(stdout).toContain('x-greeting: grüße\r\n');
  });

  it('come alone with -I, by HEAD', async () => {
    const { stdout } = await site.run(['-I', '-w', '%{method} %{size_download}', site.url('/small')]);
    expect(stdout).toMatch(HEADERS);
    expect(stdout).toContain(`content-length: ${SMALL_BYTES}\r\n`);
    expect(stdout.replace(HEADERS, '')).toBe('HEAD 0');
  });

  it('go to a file with -D, those of every response', async () => {
    const cwd = await temporaryDirectory();
    await site.run(['-D', 'headers', '-L', '-o', 'a', '-o', 'b', site.url('/moved'), site.url('/hello')], { cwd });
    const lines = (await readFile(join(cwd, 'headers'), 'utf8')).split('\r\n');
    expect(lines.filter((line) => line.startsWith('HTTP/3'))).toEqual(['HTTP/3 302 ', 'HTTP/3 200 ', 'HTTP/3 200 ']);
  });

  it('include interim ones', async () => {
    const { stdout } = await site.run(['-i', site.url('/origin/early-hints')]);
    expect(stdout).toMatch(/^HTTP\/3 103 \r\n(?:.+\r\n)*link: .+\r\n(?:.+\r\n)*\r\nHTTP\/3 200 /);
  });

  it('are shown both ways by -v, with the handshake, on standard error', async () => {
    const { stdout, stderr } = await site.run(['-v', '-H', 'X-A: 1', site.url('/hello')]);
    expect(stdout).toBe('hello\n');
    for (const line of [
      /^\* Connected to 127\.0\.0\.1 \(127\.0\.0\.1\) port \d+ from 127\.0\.0\.1 port \d+$/m,
      /^\* SSL connection using TLSv1\.3 \/ TLS_\w+ \/ \w+ \/ \w+$/m,
      /^\* ALPN: server accepted h3$/m,
      /^\* {2}subject: CN=localhost$/m,
      /^\* {2}issuer: CN=Test root$/m,
      /^\* {2}SSL certificate verify ok\.$/m,
      /^\* Session not resumed; 0-RTT not tried$/m,
      /^> GET \/hello HTTP\/3$/m,
      /^> host: 127\.0\.0\.1:\d+$/m,
      /^> x-a: 1$/m,
      /^< HTTP\/3 200 $/m,
      /^< content-type: text\/plain$/m,
    ]) {
      expect(stderr).toMatch(line);
    }
    expect((await site.run(['-vk', site.url('/hello')])).stderr).toContain('not verified, continuing anyway');
  });
});

describe('redirects', () => {
  it('are followed with -L only', async () => {
    const format = '%{http_code} %{num_redirects} %{redirect_url} %{url_effective}';
    const [moved, hello] = [site.url('/moved'), site.url('/hello')];
    expect((await site.run(['-w', format, moved])).stdout).toBe(`302 0 ${hello} ${moved}`);
    expect((await site.run(['-L', '-w', format, moved])).stdout).toBe(`hello\n200 1  ${hello}`);
  });

  it('change or keep the method as curl does', async () => {
    const see = await site.run(['-L', '-d', 'a=b', site.url('/see-other')]);
    expect(JSON.parse(see.stdout)).toMatchObject({ method: 'GET' });
    expect((await site.run(['-L', '-d', 'a=b', site.url('/moved-keeping-method')])).stdout).toBe('a=b');
  });
});

describe('on a terminal', () => {
  it('binary output is refused unless it is asked for', async () => {
    const cwd = await temporaryDirectory();
    const refused = await runOnTerminal([site.url('/binary')], cwd);
    expect(refused).toMatchObject({
      exitCode: 23,
      text: expect.stringContaining('Binary output can mess up your terminal'),
    });
    const wanted = await runOnTerminal(['-o', '-', site.url('/binary')], cwd);
    expect(wanted).toEqual({ exitCode: 0, text: 'a\0b' });
  });

  it('a bar shows the progress and leaves the cursor as it was', async () => {
    const { exitCode, text } = await runOnTerminal(['-o', 'file', site.url('/large')], await temporaryDirectory());
    expect(exitCode).toBe(0);
    expect(text).toMatch(/100% █+ {2}down 32\.0 MiB of 32\.0 MiB {2}[\d.]+ [KMG]iB\/s/);
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  });

  it('no bar is shown with -s, or where the body goes to the terminal', async () => {
    const cwd = await temporaryDirectory();
    expect(await runOnTerminal(['-s', '-o', 'file', site.url('/large')], cwd)).toEqual({ exitCode: 0, text: '' });
    expect((await runOnTerminal([site.url('/hello')], cwd)).text).toBe('hello\r\n');
  });
});

describe('a run that is cut short', () => {
  it('ends quietly with 23 when nobody reads its output', async () => {
    const line = shellLine(cliCommand(['-sS', '--cacert', site.caFile, site.url('/large'), site.url('/large')]));
    const { stdout, stderr } = await runProgram('bash', ['-c', `${line} | head -c 5 | wc -c; echo \${PIPESTATUS[0]}`]);
    expect(stdout).toBe('5\n23\n');
    expect(stderr).toBe('');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends with %s in %i and keeps what came', async (signal, code) => {
    const cwd = await temporaryDirectory();
    const args = [
      '-sS',
      '--cacert',
      site.caFile,
      '-o',
      'file',
      site.url('/origin/slow-write?count=100000&length=1000'),
    ];
    const [program = '', ...rest] = cliCommand([...args, site.url('/hello')]);
    const child = spawn(program, rest, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    let size = 0;
    const measure = setInterval(() => {
      stat(join(cwd, 'file')).then(
        (stats) => {
          size = stats.size;
        },
        () => undefined,
      );
    }, 20);
    try {
      await waitUntil('some of the body', () => size > 0);
    } finally {
      clearInterval(measure);
      child.kill(signal);
    }
    expect(await once(child, 'close')).toEqual([code, null]);
    // The next URL is not begun.
    expect(output).toBe('');
    expect((await stat(join(cwd, 'file'))).size).toBeGreaterThanOrEqual(size);
  });
});
