import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SqliteAgentStore, type SqliteAgentStoreOptions } from '../../src/client/store/sqlite-agent-store.js';
import { locksWithDirectories, openDatabase } from '../../src/client/store/sqlite-database.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { waitUntil } from '../support/wait-until.js';
import { describeContract } from './contract.js';

const later = (): number => Date.now() + 3_600_000;
const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();

async function temporaryFile(): Promise<string> {
  return join(await temporaryDirectory(), 'store.db');
}

function open(path: string, options?: SqliteAgentStoreOptions): { store: SqliteAgentStore; warnings: Error[] } {
  const store = new SqliteAgentStore(path, options);
  const warnings: Error[] = [];
  store.on('warning', (error) => warnings.push(error));
  onTestFinished(() => store.close());
  return { store, warnings };
}

describe('a store in a file', () => {
  describeContract(async () => new SqliteAgentStore(await temporaryFile()));

  test('is there after it was closed, and for others meanwhile', async () => {
    const path = await temporaryFile();
    const { store } = open(path);
    store.set('key', Buffer.from('value'), later());
    store.push('several', Buffer.from('token'), later());
    expect(text(open(path).store.get('key'))).toBe('value');
    store.close();
    const { store: again } = open(path);
    expect([text(again.get('key')), text(again.take('several')), again.take('several')]).toEqual([
      'value',
      'token',
      undefined,
    ]);
  });

  test('is readable for its owner only, the journal and directories too', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'a', 'store.db');
    const { store } = open(path);
    store.set('key', Buffer.from('value'), later());
    const modes = ['a', 'a/store.db', 'a/store.db-journal'].map((name) => statSync(join(directory, name)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  test('has no trace of a token that was taken', async () => {
    const path = await temporaryFile();
    const { store } = open(path);
    store.push('key', Buffer.from('a very secret token'), later());
    expect(readFileSync(path).includes('a very secret token')).toBe(true);
    store.take('key');
    expect(readFileSync(path).includes('a very secret token')).toBe(false);
  });

  test('keeps only so many values, the newest', async () => {
    const { store } = open(await temporaryFile(), { maxRows: 10 });
    for (let index = 0; index < 128; index += 1) store.set(`key ${index}`, Buffer.from('value'), later());
    const kept = Array.from({ length: 128 }, (_, index) => index).filter((index) => store.get(`key ${index}`));
    expect(kept).toEqual([118, 119, 120, 121, 122, 123, 124, 125, 126, 127]);
  });

  test('drops what has expired when it is opened', async () => {
    const path = await temporaryFile();
    const { store } = open(path);
    store.set('old', Buffer.from('value'), Date.now() - 1);
    store.close();
    open(path).store.close();
    const database = openDatabase(path);
    expect(database.all('SELECT * FROM entries')).toEqual([]);
    database.close();
  });

  test('refuses to be used after close, which may come twice', async () => {
    const { store } = open(await temporaryFile());
    store.close();
    store.close();
    expect(() => store.get('key')).toThrow('closed');
  });
});

describe('a file that cannot be used as it is', () => {
  test.each([
    ['text', Buffer.from('this is no database. '.repeat(500))],
    ['zeros', Buffer.alloc(8_192)],
    ['the head of a database', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(5_000, 0xff)])],
  ])('%s: is put aside and begun anew, with a warning', async (_name, content) => {
    const path = await temporaryFile();
    writeFileSync(path, content);
    const { store, warnings } = open(path);
    store.set('key', Buffer.from('value'), later());
    expect(text(store.get('key'))).toBe('value');
    await waitUntil('a warning', () => warnings.length > 0);
    expect(warnings).toMatchObject([{ code: 'ERR_HTTP3_STORE', message: expect.stringContaining(path) }]);
    expect(readFileSync(`${path}.damaged`).equals(content)).toBe(true);
  });

  test('damaged while it is open: begun anew', async () => {
    const path = await temporaryFile();
    const { store, warnings } = open(path);
    store.set('key', Buffer.from('value'), later());
    writeFileSync(path, Buffer.from('damaged'.repeat(4_000)));
    expect(store.get('key')).toBeUndefined();
    store.set('key', Buffer.from('again'), later());
    expect(text(store.get('key'))).toBe('again');
    await waitUntil('a warning', () => warnings.length > 0);
  });

  test('removed while it is open: begun anew', async () => {
    const path = await temporaryFile();
    const { store } = open(path);
    rmSync(path);
    rmSync(`${path}-journal`);
    store.set('key', Buffer.from('first'), later());
    store.set('key', Buffer.from('second'), later());
    expect(text(open(path).store.get('key') ?? store.get('key'))).toBe('second');
  });

  test('of another version of this package: begun anew', async () => {
    const path = await temporaryFile();
    open(path).store.close();
    const database = openDatabase(path);
    database.all('PRAGMA user_version = 99');
    database.close();
    const { store, warnings } = open(path);
    store.set('key', Buffer.from('value'), later());
    await waitUntil('a warning', () => warnings.length > 0);
    expect(warnings[0]?.message).toContain('format 99');
  });

  test('a database of something else: refused, and left as it is', async () => {
    const path = await temporaryFile();
    const database = openDatabase(path);
    database.all('CREATE TABLE customers (name TEXT)');
    database.close();
    const before = readFileSync(path);
    const mode = statSync(path).mode;
    expect(() => new SqliteAgentStore(path)).toThrow('a database of something else');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect([statSync(path).mode, existsSync(`${path}.damaged`)]).toEqual([mode, false]);
  });

  test('a directory, or below a file: a clear error', async () => {
    const directory = await temporaryDirectory();
    expect(() => new SqliteAgentStore(directory)).toThrow(`The store '${directory}' cannot be used: EISDIR`);
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(() => new SqliteAgentStore(join(file, 'store.db'))).toThrow('cannot be used');
    expect(() => new SqliteAgentStore('/dev/null')).toThrow('it is no file');
  });

  test.each(['', 'a\0b', undefined, 5])('the path %o: refused', (path) => {
    expect(() => new SqliteAgentStore(path as string)).toThrow('path');
  });
});

describe('a lock', () => {
  test('of another process that stays: an error says so, and the next call works', async () => {
    const path = await temporaryFile();
    const { store } = open(path, { busyTimeout: 20 });
    const other = openDatabase(path);
    onTestFinished(() => other.close());
    other.all('BEGIN IMMEDIATE');
    expect(() => store.set('key', Buffer.from('value'), later())).toThrow('database is locked');
    other.all('ROLLBACK');
    store.set('key', Buffer.from('value'), later());
    expect(text(store.get('key'))).toBe('value');
  });

  test.skipIf(!locksWithDirectories())('that a killed process left behind is removed', async () => {
    const path = await temporaryFile();
    const { store } = open(path, { busyTimeout: 20 });
    mkdirSync(`${path}.lock`);
    expect(() => store.set('key', Buffer.from('value'), later())).toThrow('database is locked');
    const longAgo = Date.now() / 1_000 - 60;
    utimesSync(`${path}.lock`, longAgo, longAgo);
    store.set('key', Buffer.from('value'), later());
    expect(text(store.get('key'))).toBe('value');
  });
});
