import { createRequire } from 'node:module';
import { errorMessage, Http3Error } from '../../errors.js';

/** What SQLite stores and gives back. */
export type SqliteValue = string | number | bigint | Uint8Array | null;
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

/** An open database of one of the two libraries. Everything is synchronous, and throws what SQLite says. */
export interface SqliteDatabase {
  /** Runs a statement; the texts must be few, since each is compiled once and kept. */
  all(sql: string, ...values: SqliteValue[]): SqliteRow[];
  close(): void;
}

/** What is used of `node:sqlite`, which Node 20 does not have. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
  ) => {
    prepare(sql: string): { all(...values: SqliteValue[]): SqliteRow[] };
    close(): void;
  };
}

/** What is used of the package `node-sqlite3-wasm`. */
interface WasmSqlite {
  readonly Database: new (
    path: string,
  ) => {
    prepare(sql: string): WasmStatement;
    close(): void;
  };
}

interface WasmStatement {
  all(values: SqliteValue[]): SqliteRow[];
  finalize(): void;
}

const WASM_PACKAGE = 'node-sqlite3-wasm';

/**
 * Opens or creates a database, with `node:sqlite` if this Node has it, else with the package `node-sqlite3-wasm`.
 *
 * @throws Http3Error (ERR_HTTP3_STORE) if there is neither; what SQLite says if the file cannot be opened
 */
export function openDatabase(path: string): SqliteDatabase {
  const nodeSqlite = loadNodeSqlite();
  return nodeSqlite === undefined ? new WasmDatabase(loadWasmSqlite(), path) : new NodeDatabase(nodeSqlite, path);
}

/** Whether locks are directories beside the file, which a process that is killed leaves behind. */
export function locksWithDirectories(): boolean {
  return loadNodeSqlite() === undefined;
}

let nodeSqliteModule: NodeSqlite | null | undefined;

function loadNodeSqlite(): NodeSqlite | undefined {
  if (nodeSqliteModule === undefined) {
    nodeSqliteModule = withoutExperimentalWarning(
      () => (process.getBuiltinModule('node:sqlite') as NodeSqlite | undefined) ?? null,
    );
  }
  return nodeSqliteModule ?? undefined;
}

/** Node 22 warns of node:sqlite when it is loaded. Whoever made a store cannot do anything about it; other warnings pass. */
function withoutExperimentalWarning<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = (...[warning, ...rest]: unknown[]) => {
    const [options] = rest;
    const type = typeof options === 'object' && options !== null ? Reflect.get(options, 'type') : options;
    if (type !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function loadWasmSqlite(): WasmSqlite {
  try {
    return createRequire(import.meta.url)(WASM_PACKAGE) as WasmSqlite;
  } catch (cause) {
    const reason = `Node ${process.versions.node} has no node:sqlite, and the package '${WASM_PACKAGE}' cannot be loaded`;
    const advice = `Install it (npm install ${WASM_PACKAGE}), or use Node 22.13 or newer`;
    throw new Http3Error('ERR_HTTP3_STORE', `${reason} (${errorMessage(cause)}). ${advice}.`, { cause });
  }
}

class NodeDatabase implements SqliteDatabase {
  readonly #database: InstanceType<NodeSqlite['DatabaseSync']>;
  readonly #statements = new Map<string, ReturnType<InstanceType<NodeSqlite['DatabaseSync']>['prepare']>>();

  constructor({ DatabaseSync }: NodeSqlite, path: string) {
    this.#database = new DatabaseSync(path);
  }

  all(sql: string, ...values: SqliteValue[]): SqliteRow[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement.all(...values);
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

class WasmDatabase implements SqliteDatabase {
  readonly #database: InstanceType<WasmSqlite['Database']>;
  readonly #statements = new Map<string, WasmStatement>();

  constructor({ Database }: WasmSqlite, path: string) {
    this.#database = new Database(path);
  }

  all(sql: string, ...values: SqliteValue[]): SqliteRow[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    try {
      return statement.all(values);
    } catch (error) {
      // One that has failed cannot be used again: resetting it fails with the same error.
      this.#statements.delete(sql);
      statement.finalize();
      throw error;
    }
  }

  close(): void {
    // Their memory is WebAssembly's, which no garbage collector frees.
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#database.close();
  }
}
