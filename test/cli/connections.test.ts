import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { CliSite, IdentityFile } from './cli-process.js';

const FILE_BYTES = 200_000;
const TRANSFERS = 60;

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

describe('several URLs of one origin', () => {
  it('share a connection, one after the other', async () => {
    const urls = [site.url('/hello'), site.url('/hello'), site.url('/hello')];
    const { stdout } = await site.run(['-w', '%{num_connects} %{local_port}\\n', ...urls]);
    const [first = '', ...others] = stdout.split('hello\n').slice(1);
    const port = first.trim().split(' ')[1];
    expect(first).toBe(`1 ${port}\n`);
    expect(others).toEqual([`0 ${port}\n`, `0 ${port}\n`]);
  });

  it('share it at the same time with -Z', async () => {
    const cwd = await temporaryDirectory();
    const args = Array.from({ length: TRANSFERS }, (_, number) => ['-o', `file-${number}`, site.url('/file')]).flat();
    const { exitCode, stdout } = await site.run(['-Z', '-w', '%{num_connects} %{size_download}\\n', ...args], { cwd });
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.filter((line) => line === `1 ${FILE_BYTES}`)).toHaveLength(1);
    expect(lines.filter((line) => line === `0 ${FILE_BYTES}`)).toHaveLength(TRANSFERS - 1);
    const sizes = await Promise.all((await readdir(cwd)).map(async (name) => (await stat(join(cwd, name))).size));
    expect(sizes).toEqual(Array(TRANSFERS).fill(FILE_BYTES));
  });

  it('fail each for itself with -Z', async () => {
    const args = ['-Z', '-f', '-w', '%{http_code} %{exitcode}\\n', '-o', '/dev/null', '-o', '/dev/null'];
    const { exitCode, stdout } = await site.run([...args, site.url('/teapot'), site.url('/hello')]);
    expect(exitCode).toBe(22);
    expect(stdout.trimEnd().split('\n').sort()).toEqual(['200 0', '418 22']);
  });
});

describe('--0rtt-cache', () => {
  it('lets a second run resume and send its GET in 0-RTT', async () => {
    const cache = join(await temporaryDirectory(), 'cache.json');
    const format = ['-w', ' %{resumed} %{early_data}'];
    const run = async (): Promise<string> =>
      (await identity.run(['--0rtt-cache', cache, ...format, `${scripted.origin}/early`])).stdout;
    expect(await run()).toBe('late 0 none');
    expect(await run()).toBe('early 1 accepted');
    // A ticket is used once: the second run has brought another.
    expect(await run()).toBe('early 1 accepted');
    expect((await stat(cache)).mode & 0o777).toBe(0o600);
  });

  it('sends the request again when the server rejects 0-RTT', async () => {
    const cache = join(await temporaryDirectory(), 'cache.json');
    const args = ['--0rtt-cache', cache, '-w', ' %{early_data}', `${scripted.origin}/early`];
    await identity.run(args);
    await scripted.forgetTickets();
    const { exitCode, stdout } = await identity.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'late rejected' });
  });

  it('sends a POST after the handshake', async () => {
    const cache = join(await temporaryDirectory(), 'cache.json');
    const args = ['--0rtt-cache', cache, '-w', ' %{resumed} %{early_data}', '-d', 'a', `${scripted.origin}/early`];
    await identity.run(args);
    expect((await identity.run(args)).stdout).toBe('late 1 none');
  });

  it('does not carry a session over from -k to a verified connection', async () => {
    const cache = join(await temporaryDirectory(), 'cache.json');
    const args = ['--0rtt-cache', cache, '-w', ' %{resumed}', `${scripted.origin}/early`];
    await identity.run(['-k', ...args]);
    expect((await identity.run(args)).stdout).toBe('late 0');
  });
});

describe('addresses', () => {
  it('come from --resolve, for the host and port that it names', async () => {
    const { port } = site.caddy;
    const url = `https://localhost:${port}/hello`;
    const format = ['-w', '%{remote_ip} %{remote_port} %{local_ip}'];
    const { stdout } = await site.run(['--resolve', `localhost:${port}:127.0.0.1`, ...format, url]);
    expect(stdout).toBe(`hello\n127.0.0.1 ${port} 127.0.0.1`);
    const wildcard = await site.run(['--resolve', `*:${port}:127.0.0.1`, `https://localhost:${port}/hello`]);
    expect(wildcard.stdout).toBe('hello\n');
  });

  it('are of one family with -4 and -6', async () => {
    const { port } = site.caddy;
    const resolve = [
      '--resolve',
      `localhost:${port}:[::1],127.0.0.1`,
      '-w',
      '%{remote_ip}',
      `https://localhost:${port}/hello`,
    ];
    expect((await site.run(['-4', ...resolve])).stdout).toBe('hello\n127.0.0.1');
    // Nothing listens at ::1.
    expect(await site.run(['-6', ...resolve])).toMatchObject({ exitCode: 7 });
    // Without either, the address that answers is found.
    expect((await site.run(resolve)).stdout).toBe('hello\n127.0.0.1');
  });

  it('of another family only leave nothing to connect to', async () => {
    const { port } = site.caddy;
    const args = ['-6', '--resolve', `localhost:${port}:127.0.0.1`, `https://localhost:${port}/`];
    expect(await site.run(args)).toMatchObject({ exitCode: 6 });
  });
});

describe('--qlog', () => {
  it('makes the directory and writes a file for the connection', async () => {
    const cwd = await temporaryDirectory();
    await site.run(['--qlog', 'a/b', site.url('/hello')], { cwd });
    const [name = '', ...others] = await readdir(join(cwd, 'a/b'));
    expect(others).toEqual([]);
    expect((await stat(join(cwd, 'a/b', name))).size).toBeGreaterThan(1_000);
  });
});

describe('-w', () => {
  it('has times in the order of what happened', async () => {
    const names = ['namelookup', 'connect', 'appconnect', 'pretransfer', 'starttransfer', 'total'];
    const format = names.map((name) => `%{time_${name}}`).join(' ');
    const { stdout } = await site.run(['-o', '/dev/null', '-w', format, site.url('/file')]);
    const times = stdout.split(' ').map(Number);
    expect(times).toHaveLength(names.length);
    expect(times).toEqual([...times].sort((left, right) => left - right));
    expect(times[1]).toBeGreaterThan(0);
  });

  it('reads its format from a file or standard input, and goes to standard error on request', async () => {
    const { stdout, stderr } = await site.run(['-w', '@-', site.url('/hello')], { input: '%{stderr}%{http_code}\\n' });
    expect({ stdout, stderr }).toEqual({ stdout: 'hello\n', stderr: '200\n' });
  });

  it('prints after a failure as well', async () => {
    const { stdout } = await site.run(['-w', '%{http_code} %{exitcode} %{errormsg}', 'https://name.invalid/']);
    expect(stdout).toBe('000 6 Could not resolve host: name.invalid');
  });
});

describe('help and version', () => {
  it('go to standard output', async () => {
    const help = await site.run(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toContain('-o, --output FILE');
    expect((await site.run(['-V'])).stdout).toMatch(/^necko-http3 \d+\.\d+\.\d+ .*neqo\/0\.13\.4 nss\/3\.112/);
  });
});
