import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TokenCacheFile } from '../../src/cli/token-cache-file.js';
import type { StoredToken } from '../../src/index.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

function token(text: string, expires = Date.now() + 60_000): StoredToken {
  return { token: Buffer.from(text), expires, certificates: [Buffer.from('leaf'), Buffer.from('issuer')] };
}

interface Fixture {
  readonly path: string;
  readonly warnings: string[];
  /** Another run's view of the same file. */
  open(): TokenCacheFile;
}

async function fixture(): Promise<Fixture> {
  const path = join(await temporaryDirectory(), 'cache.json');
  const warnings: string[] = [];
  return { path, warnings, open: () => new TokenCacheFile(path, (message) => warnings.push(message)) };
}

describe('the 0-RTT cache file', () => {
  it('gives another run what was put, once', async () => {
    const { open, warnings } = await fixture();
    const put = token('first');
    await open().put('server', put);
    const reader = open();
    expect(await reader.take('other')).toBeUndefined();
    expect(await reader.take('server')).toEqual(put);
    expect(await open().take('server')).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('gives the newest first and keeps two of a server', async () => {
    const { open } = await fixture();
    const cache = open();
    await Promise.all(['a', 'b', 'c'].map((text) => cache.put('server', token(text))));
    const taken = [await cache.take('server'), await cache.take('server'), await cache.take('server')];
    expect(taken.map((each) => each && Buffer.from(each.token).toString())).toEqual(['c', 'b', undefined]);
  });

  it('is readable by its owner alone, also if it was not before', async () => {
    const { open, path } = await fixture();
    await open().put('server', token('a'));
    await chmod(path, 0o644);
    await open().put('server', token('b'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is replaced as a whole and leaves nothing beside it', async () => {
    const { open, path } = await fixture();
    const cache = open();
    for (let number = 0; number < 10; number += 1) void cache.put(`server ${number}`, token(`${number}`));
    await cache.flush();
    expect(await readdir(join(path, '..'))).toEqual(['cache.json']);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ version: 1 });
  });

  it('forgets tokens that have expired', async () => {
    const { open, path } = await fixture();
    const cache = open();
    await cache.put('old', token('a', Date.now() - 1));
    await cache.put('new', token('b'));
    expect(await cache.take('old')).toBeUndefined();
    expect(await readFile(path, 'utf8')).not.toContain('"old"');
  });

  it('remembers the 256 servers used last', async () => {
    const { open, path } = await fixture();
    const servers = Array.from({ length: 256 }, (_, number) => ({
      key: `server ${number}`,
      tokens: [{ token: '', expires: Date.now() + 60_000, certificates: [] }],
    }));
    await writeFile(path, JSON.stringify({ version: 1, servers }));
    await open().put('server 0', token('again'));
    await open().put('one more', token('a'));
    const cache = open();
    expect(await cache.take('server 0')).toBeDefined();
    expect(await cache.take('server 1')).toBeUndefined();
    expect(await cache.take('server 2')).toBeDefined();
  });

  it.each([
    'no JSON',
    '[]',
    '{"version":2,"servers":[]}',
    '{"version":1}',
    '{"version":1,"servers":[{"tokens":[]}]}',
    '{"version":1,"servers":[{"key":"server","tokens":[{"token":1,"expires":9e15,"certificates":[]}]}]}',
    '{"version":1,"servers":[{"key":"server","tokens":[{"token":"","expires":"x","certificates":[]}]}]}',
  ])('begins anew with a warning if it contains %s', async (content) => {
    const { open, path, warnings } = await fixture();
    await writeFile(path, content);
    const cache = open();
    expect(await cache.take('server')).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('is begun anew')]);
    await cache.put('server', token('a'));
    expect(await open().take('server')).toBeDefined();
  });

  it('rejects what cannot be written, and goes on', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), '');
    const cache = new TokenCacheFile(join(directory, 'file', 'cache.json'), () => undefined);
    await expect(cache.put('server', token('a'))).rejects.toThrow();
    expect(await cache.take('server')).toBeUndefined();
  });
});
