import { chmodSync, closeSync, mkdirSync, openSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorMessage, Http3Error } from '../../errors.js';
import { locksWithDirectories, openDatabase, type SqliteDatabase } from './sqlite-database.js';

/** Tokens are secrets: whoever has one can resume the connection. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** Marks the file as one of ours ("nh3s"). */
const APPLICATION_ID = 0x6e683373;
/** A change of the tables raises it; the file is a cache, so one of another version is begun anew. */
const SCHEMA_VERSION = 1;
/** Milliseconds; no transaction of ours takes nearly as long. */
const STALE_LOCK = 10_000;

const SCHEMA = [
  // `expires` stands before the value, so that looking for what has expired does not read large values.
  'CREATE TABLE entries (id INTEGER PRIMARY KEY, key TEXT NOT NULL, expires INTEGER NOT NULL, value BLOB NOT NULL)',
  'CREATE INDEX entries_by_key ON entries (key, id)',
  `PRAGMA user_version = ${SCHEMA_VERSION}`,
  `PRAGMA application_id = ${APPLICATION_ID}`,
];

/** A file that is not ours to replace, or a cause that replacing it would not help. */
function unusable(path: string, reason: string, cause?: unknown): Http3Error {
  return new Http3Error('ERR_HTTP3_STORE', `The store '${path}' cannot be used: ${reason}`, { cause });
}

/** SQLite's own words for SQLITE_CORRUPT and SQLITE_NOTADB: the same in both libraries, one of which gives no codes. */
function isDamage(error: unknown): boolean {
  return /file is not a database|database disk image is malformed|malformed database schema/.test(errorMessage(error));
}

/**
 * A database file that is only a cache: one that is damaged, or that another version of this package wrote, is put aside
 * (`.damaged`) and begun anew; one that was moved away or replaced by another process is opened anew.
 */
export class SqliteFile {
  readonly #path: string;
  readonly #busyTimeout: number;
  readonly #onReplaced: (reason: Http3Error) => void;
  #database: SqliteDatabase | undefined;
  /** Of the file that is open, to see whether it is still the one at the path. */
  #inode = 0n;
  #closed = false;

  /**
   * @param busyTimeout milliseconds to wait for another process
   * @throws Http3Error (ERR_HTTP3_STORE) if the file cannot be opened or written, or is somebody else's database
   */
  constructor(path: string, busyTimeout: number, onReplaced: (reason: Http3Error) => void) {
    this.#path = path;
    this.#busyTimeout = busyTimeout;
    this.#onReplaced = onReplaced;
    this.run(() => undefined);
  }

  /**
   * @param operation may run a second time if the first attempt failed, on another file
   * @throws Http3Error (ERR_HTTP3_STORE)
   */
  run<T>(operation: (database: SqliteDatabase) => T): T {
    if (this.#closed) throw unusable(this.#path, 'it is closed');
    try {
      return operation(this.#opened());
    } catch (error) {
      if (!this.#recover(error)) throw asStoreError(this.#path, error);
    }
    try {
      return operation(this.#opened());
    } catch (error) {
      throw asStoreError(this.#path, error);
    }
  }

  /** As one transaction, for which other processes wait. */
  change<T>(operation: (database: SqliteDatabase) => T): T {
    return this.run((database) => {
      database.all('BEGIN IMMEDIATE');
      try {
        const result = operation(database);
        database.all('COMMIT');
        return result;
      } catch (error) {
        rollBack(database);
        throw error;
      }
    });
  }

  close(): void {
    this.#closed = true;
    this.#release();
  }

  #opened(): SqliteDatabase {
    if (this.#database === undefined) {
      this.#inode = this.#prepareFile();
      const database = openDatabase(this.#path);
      try {
        this.#initialise(database);
      } catch (error) {
        closeQuietly(database);
        throw error;
      }
      this.#database = database;
    }
    return this.#database;
  }

  /** Creates it with the right mode, before SQLite would create it with another. */
  #prepareFile(): bigint {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: DIRECTORY_MODE });
      closeSync(openSync(this.#path, 'a', FILE_MODE));
      const stat = statSync(this.#path, { bigint: true });
      if (!stat.isFile()) throw new Error('it is no file');
      return stat.ino;
    } catch (error) {
      throw unusable(this.#path, errorMessage(error), error);
    }
  }

  #initialise(database: SqliteDatabase): void {
    database.all(`PRAGMA busy_timeout = ${this.#busyTimeout}`);
    // First of all: nothing of a file may change that is not ours.
    database.all('BEGIN IMMEDIATE');
    try {
      const applicationId = pragma(database, 'application_id');
      const version = pragma(database, 'user_version');
      if (applicationId === APPLICATION_ID && version !== SCHEMA_VERSION) {
        throw new OtherVersionError(`it has the format ${String(version)}, not ${SCHEMA_VERSION}`);
      }
      if (applicationId !== APPLICATION_ID) {
        const [first] = database.all('SELECT name FROM sqlite_schema LIMIT 1');
        if (first !== undefined) throw unusable(this.#path, 'it is a database of something else');
        for (const statement of SCHEMA) database.all(statement);
      }
      database.all('COMMIT');
    } catch (error) {
      rollBack(database);
      throw error;
    }
    restrict(this.#path);
    // The library in WebAssembly would create it readable for all.
    closeSync(openSync(`${this.#path}-journal`, 'a', FILE_MODE));
    restrict(`${this.#path}-journal`);
    // It stays, and with its mode. One kind of journal for both libraries, so that Node 20 and newer ones can use the file one
    // after the other: the one in WebAssembly has no WAL. What a loss of power damages is begun anew: nothing waits for the disk.
    database.all('PRAGMA journal_mode = TRUNCATE');
    database.all('PRAGMA synchronous = OFF');
    // A token that was taken leaves no trace in the file.
    database.all('PRAGMA secure_delete = ON');
  }

  /** Does what can be done about an error. @returns whether it is worth another attempt */
  #recover(error: unknown): boolean {
    if (this.#wasMoved()) {
      this.#release();
      return true;
    }
    if (isDamage(error) || error instanceof OtherVersionError) {
      this.#release();
      this.#putAside();
      this.#onReplaced(unusable(this.#path, `${errorMessage(error)}. It was begun anew`, error));
      return true;
    }
    return /database is locked/.test(errorMessage(error)) && this.#removeStaleLock();
  }

  #wasMoved(): boolean {
    if (this.#database === undefined) return false;
    return statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino !== this.#inode;
  }

  #putAside(): void {
    // Another process may have done it since this one opened the file.
    if (statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino !== this.#inode) return;
    try {
      renameSync(this.#path, `${this.#path}.damaged`);
      for (const suffix of ['-journal', '-wal', '-shm']) rmSync(this.#path + suffix, { force: true });
    } catch (error) {
      throw unusable(this.#path, errorMessage(error), error);
    }
  }

  /** The lock of a process that was killed while it had it. */
  #removeStaleLock(): boolean {
    if (!locksWithDirectories()) return false;
    const lock = `${this.#path}.lock`;
    try {
      if (statSync(lock).mtimeMs > Date.now() - STALE_LOCK) return false;
      rmdirSync(lock);
    } catch {
      // Somebody else has removed it.
    }
    return true;
  }

  #release(): void {
    const database = this.#database;
    this.#database = undefined;
    if (database !== undefined) closeQuietly(database);
  }
}

/** Another version of this package wrote the file. */
class OtherVersionError extends Error {}

function asStoreError(path: string, error: unknown): Http3Error {
  return error instanceof Http3Error ? error : unusable(path, errorMessage(error), error);
}

function pragma(database: SqliteDatabase, name: 'application_id' | 'user_version'): unknown {
  return database.all(`PRAGMA ${name}`)[0]?.[name];
}

/** SQLite may have done it already. */
function rollBack(database: SqliteDatabase): void {
  try {
    database.all('ROLLBACK');
  } catch {
    // No transaction is open any more, or the file is beyond help: the error that led here says so.
  }
}

/** A damaged file may not even close; what is lost by that is a file that is put aside anyway. */
function closeQuietly(database: SqliteDatabase): void {
  try {
    database.close();
  } catch {
    // As above.
  }
}

function restrict(path: string): void {
  if ((statSync(path).mode & 0o777) !== FILE_MODE) chmodSync(path, FILE_MODE);
}
