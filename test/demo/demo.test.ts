import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliSite } from '../cli/cli-process.js';
import { runModule } from '../support/run-child.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** It runs the build in dist/, which the set-up makes. */
const DEMO = fileURLToPath(new URL('../../scripts/demo/main.mjs', import.meta.url));

let site: CliSite;

beforeAll(async () => {
  site = await CliSite.start();
});

afterAll(() => site?.stop());

/** A directory for temporary files of the demo alone, to see that it leaves none. */
async function ownTmp(): Promise<string> {
  const directory = join(await realpath(await temporaryDirectory()), 'tmp');
  await mkdir(directory);
  return directory;
}

describe('npm run demo', () => {
  it('downloads, uploads, resumes, fetches, and leaves nothing behind', async () => {
    const tmp = await ownTmp();
    // No program but Node: nothing has to be installed for it.
    const { exitCode, stdout, stderr } = await runModule(DEMO, { env: { TMPDIR: tmp, PATH: '' } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('Download of 200.0 MiB over HTTP/3');
    expect(stdout).toContain('Upload of 50.0 MiB, of which the server says the hash');
    expect(stdout).toMatch(/TLS +TLSv1\.3, TLS_\w+, \w+, \w+\n/);
    expect(stdout).toMatch(/ALPN +h3\n/);
    expect(stdout).toMatch(/A second connection\n +resumed +yes; 0-RTT accepted\n/);
    const serverSides = stdout.split(/s the server sees it\n/).slice(1);
    expect(serverSides.map((facts) => /resumed +(.*)\n/.exec(facts)?.[1])).toEqual(['no; 0-RTT no', 'yes; 0-RTT yes']);
    expect(serverSides.map((facts) => /requests +(.*)\n/.exec(facts)?.[1])).toEqual(['2', '1']);
    for (const facts of serverSides) {
      expect(facts).toMatch(/session id +\d+\n +virtual fd +\d+\n/);
      expect(facts).toMatch(/TLS +TLS_\w+, \w+; ALPN h3\n/);
      expect(facts).toMatch(/ended with +H3_NO_ERROR\n/);
    }
    const [, fetches = ''] = stdout.split('The same server by fetch');
    expect(
      [...fetches.matchAll(/over (\S+) .*\n.*resumed (\w+); 0-RTT (\w+)\n/g)].map((match) => match.slice(1)),
    ).toEqual([
      ['h2', 'no', 'no'],
      ['h3', 'no', 'no'],
      ['h3', 'yes', 'yes'],
    ]);
    const [received = 0, sent = 0] = /bytes +received ([\d.]+) MB, sent ([\d.]+) MB\n/.exec(stdout)?.slice(1) ?? [];
    expect(Number(received)).toBeGreaterThan(50);
    expect(Number(sent)).toBeGreaterThan(200);
    expect(stdout).toMatch(/All bytes are right\.\n$/);
    expect(await readdir(tmp)).toEqual([]);
  });

  it('fetches a URL with the shell client instead', async () => {
    const tmp = await ownTmp();
    const args = ['--cacert', site.caFile, site.url('/hello')];
    const { exitCode, stdout, stderr } = await runModule(DEMO, { args, env: { TMPDIR: tmp } });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('* ALPN: server accepted h3');
    expect(stdout).toMatch(/status +200 \(HTTP\/3\)/);
    expect(stdout).toContain(createHash('sha256').update('hello\n').digest('hex'));
    expect(await readdir(tmp)).toEqual([]);
  });

  it('cleans up when it is interrupted', async () => {
    const tmp = await ownTmp();
    const child = spawn(process.execPath, [DEMO], {
      env: { ...process.env, TMPDIR: tmp },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // The first line comes when the server begins to start.
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    child.stdout.resume();
    child.stderr.resume();
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await readdir(tmp)).toEqual([]);
  });
});
