import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { InvalidArgumentError } from '../../errors.js';
import { count, section, time } from '../../http/option-checks.js';
import { type AgentStore, VALUES_PER_KEY } from './agent-store.js';
import type { SqliteDatabase, SqliteRow } from './sqlite-database.js';
import { SqliteFile } from './sqlite-file.js';

export interface SqliteAgentStoreOptions {
  /** Values that are kept; those that were stored longest ago are dropped first. Default 8,192. */
  readonly maxRows?: number;
  /** Milliseconds to wait for another process that has the file; this one stands still meanwhile. Default 250. */
  readonly busyTimeout?: number;
}

export interface SqliteAgentStoreEvents {
  /** The file was damaged, or of another version of this package, and has been begun anew. */
  warning: [error: Error];
}

const DEFAULT_MAX_ROWS = 8_192;
const DEFAULT_BUSY_TIMEOUT = 250;
/** Writes between two searches for what has expired or is too much. */
const WRITES_PER_PRUNING = 64;

const GET = 'SELECT value FROM entries WHERE key = ? AND expires > ? ORDER BY id DESC LIMIT 1';
const INSERT = 'INSERT INTO entries (key, expires, value) VALUES (?, ?, ?)';
const DELETE = 'DELETE FROM entries WHERE key = ?';
const DROP_OLDEST = `
  DELETE FROM entries WHERE key = ?1 AND id NOT IN
    (SELECT id FROM entries WHERE key = ?1 ORDER BY id DESC LIMIT ${VALUES_PER_KEY})`;
// One statement takes the lock for writing before it reads: no two processes can get the same row.
const TAKE = `
  DELETE FROM entries WHERE id =
    (SELECT id FROM entries WHERE key = ? AND expires > ? ORDER BY id DESC LIMIT 1) RETURNING value`;
const DELETE_EXPIRED = 'DELETE FROM entries WHERE expires <= ?';
const DELETE_TOO_MANY = 'DELETE FROM entries WHERE id <= (SELECT id FROM entries ORDER BY id DESC LIMIT 1 OFFSET ?)';

/**
 * Remembers in a file, for all processes of a machine and beyond their end, with SQLite: `node:sqlite`, or on Node 20 the
 * package `node-sqlite3-wasm`, an optional peer dependency. The file is readable for its owner only. It is a cache: one that
 * is damaged is begun anew, with a 'warning' event.
 *
 * Calls are synchronous and take a fraction of a millisecond. Call {@link close} when the agents that use it are closed.
 */
export class SqliteAgentStore extends EventEmitter<SqliteAgentStoreEvents> implements AgentStore {
  readonly #file: SqliteFile;
  readonly #maxRows: number;
  #writes = 0;

  /**
   * @param path of the file; it and missing directories are created
   * @throws InvalidArgumentError for an argument that cannot be used; Http3Error (ERR_HTTP3_STORE) if the file cannot be
   *   opened or written, is a database of something else, or if there is no SQLite
   */
  constructor(path: string, options: SqliteAgentStoreOptions = {}) {
    super();
    if (typeof path !== 'string' || path === '' || path.includes('\0')) {
      throw new InvalidArgumentError('path: must be that of a file');
    }
    section('options', options);
    this.#maxRows = count('maxRows', options.maxRows, DEFAULT_MAX_ROWS, Number.MAX_SAFE_INTEGER, 1);
    const busyTimeout = time('busyTimeout', options.busyTimeout, DEFAULT_BUSY_TIMEOUT);
    // Later: nobody can listen before the constructor has returned, and a listener must not run inside an operation.
    const warn = (error: Error) => process.nextTick(() => this.emit('warning', error));
    this.#file = new SqliteFile(resolve(path), busyTimeout, warn);
    this.#file.change((database) => this.#prune(database));
  }

  get(key: string): Uint8Array | undefined {
    return firstValue(this.#file.run((database) => database.all(GET, key, Date.now())));
  }

  set(key: string, value: Uint8Array, expires: number): void {
    this.#write((database) => {
      database.all(DELETE, key);
      database.all(INSERT, key, expires, value);
    });
  }

  delete(key: string): void {
    this.#file.run((database) => database.all(DELETE, key));
  }

  push(key: string, value: Uint8Array, expires: number): void {
    this.#write((database) => {
      database.all(INSERT, key, expires, value);
      database.all(DROP_OLDEST, key);
    });
  }

  take(key: string): Uint8Array | undefined {
    return firstValue(this.#file.run((database) => database.all(TAKE, key, Date.now())));
  }

  /** Closes the file. Idempotent; every other call throws afterwards. */
  close(): void {
    this.#file.close();
  }

  #write(change: (database: SqliteDatabase) => void): void {
    this.#file.change((database) => {
      change(database);
      this.#writes += 1;
      if (this.#writes % WRITES_PER_PRUNING === 0) this.#prune(database);
    });
  }

  #prune(database: SqliteDatabase): void {
    database.all(DELETE_EXPIRED, Date.now());
    database.all(DELETE_TOO_MANY, this.#maxRows);
  }
}

function firstValue([row]: readonly SqliteRow[]): Uint8Array | undefined {
  const value = row?.value;
  return value instanceof Uint8Array ? value : undefined;
}
