/**
 * The connection table of a server: every QUIC connection is an entry, found in constant time by its virtual fd and by
 * its session id, with exactly one 'connect' and one 'close' for each.
 */
import { H3_ERROR } from '../errors.js';
import type { VirtualFdCalls } from '../native-server.js';
import { ConnectionEntry, type ConnectionEntryOwner, type ConnectionFacts } from './connection-entry.js';
import { ConnectionList } from './connection-list.js';
import { FdBudget, type FdWarning } from './fd-budget.js';
import type { ConnectionEnd } from './server-types.js';
import { defaultSessionIdNode, SessionIds } from './session-ids.js';
import type { VirtualFd } from './virtual-fd.js';
import { ConnectionListFullError } from './virtual-fd-errors.js';
import {
  checkedVirtualFdMode,
  resolveVirtualFdOptions,
  type VirtualFdMode,
  type VirtualFdOptions,
} from './virtual-fd-options.js';
import { VirtualFdPool, type VirtualFdPoolStats } from './virtual-fd-pool.js';

export interface ConnectionRegistryOptions {
  /** Entries at most, those whose handshake is not complete included. */
  readonly maxConnections: number;
  readonly virtualFds?: VirtualFdOptions | undefined;
  /**
   * Which process of the group this is, 0 to 65535: part of every session id. Processes that share a port must have
   * different ones. Default: derived from the process id and the thread.
   */
  readonly nodeId?: number | undefined;
  /** The handshake of a connection is complete. */
  readonly onConnect: (entry: ConnectionEntry) => void;
  /** A connection for which `onConnect` was called has ended. The entry is out of the table by then. */
  readonly onClose: (entry: ConnectionEntry, end: ConnectionEnd) => void;
  /** Besides `process.emitWarning`. */
  readonly onFdWarning?: ((warning: FdWarning) => void) | undefined;
}

/** What the table holds, for `server.stats()`. */
export interface ConnectionRegistryStats {
  readonly mode: VirtualFdMode;
  /** Entries now, the most there have been at once, all since the start, and how many there may be. */
  readonly connections: number;
  readonly peakConnections: number;
  readonly opened: number;
  readonly maxConnections: number;
  /** Slots of the connection list; 0 in mode 'session'. */
  readonly listSize: number;
  /** undefined in mode 'session'. */
  readonly virtualFds: (VirtualFdPoolStats & FdUse) | undefined;
}

/** Descriptors of the process. */
export interface FdUse {
  readonly softLimit: number;
  readonly hardLimit: number;
  readonly open: number;
  readonly reserved: number;
  /** A warning was given, and use has not fallen since. */
  readonly nearLimit: boolean;
}

/** What only mode 'socketpair' has. */
interface VirtualFds {
  readonly pool: VirtualFdPool;
  readonly budget: FdBudget;
  readonly list: ConnectionList<ConnectionEntry>;
  readonly listSize: number;
}

function warningText({ open, limit, errno }: FdWarning): string {
  const problem = errno === undefined ? '' : `${errno}: connections are being refused; `;
  return (
    `HTTP/3 server: ${problem}${open} of ${limit} file descriptors are in use. ` +
    'Raise the limit (ulimit -n) or lower maxConnections.'
  );
}

export class ConnectionRegistry {
  readonly #calls: VirtualFdCalls;
  readonly #options: ConnectionRegistryOptions;
  readonly #mode: VirtualFdMode;
  readonly #ids: SessionIds;
  readonly #bySessionId = new Map<bigint, ConnectionEntry>();
  readonly #virtualFds: VirtualFds | undefined;
  readonly #entryOwner: ConnectionEntryOwner;
  #maxConnections: number;
  #opened = 0;
  #peak = 0;

  /**
   * @throws InvalidArgumentError for an option that cannot be used
   * @throws Error with an errno code if `raiseFdLimit` is set and the limit cannot be lifted
   */
  constructor(options: ConnectionRegistryOptions, calls: VirtualFdCalls) {
    this.#options = options;
    this.#calls = calls;
    this.#maxConnections = options.maxConnections;
    this.#ids = new SessionIds(options.nodeId ?? defaultSessionIdNode());
    this.#mode = checkedVirtualFdMode(options.virtualFds?.mode);
    this.#virtualFds = this.#mode === 'socketpair' ? this.#prepareVirtualFds(options.virtualFds ?? {}) : undefined;
    this.#entryOwner = {
      connected: (entry) => options.onConnect(entry),
      closed: (entry, virtualFd, wasConnected, end) => this.#entryClosed(entry, virtualFd, wasConnected, end),
      fdClosed: (entry, virtualFd) => this.#virtualFds?.list.remove(virtualFd.number, entry),
    };
  }

  /** Entries now. */
  get size(): number {
    return this.#bySessionId.size;
  }

  get maxConnections(): number {
    return this.#maxConnections;
  }

  /** Lowering it closes nothing: no entry is opened until enough have ended. */
  set maxConnections(maxConnections: number) {
    this.#maxConnections = maxConnections;
  }

  /**
   * A place for a new connection.
   *
   * @throws ConnectionListFullError, VirtualFdExhaustedError: there is none, the connection is to be refused
   */
  open(facts: ConnectionFacts): ConnectionEntry {
    if (this.#bySessionId.size >= this.#maxConnections) throw new ConnectionListFullError(this.#maxConnections);
    const virtualFd = this.#virtualFds?.pool.take();
    const entry = new ConnectionEntry(this.#ids.next(), facts, virtualFd, this.#entryOwner);
    if (virtualFd !== undefined) this.#virtualFds?.list.put(virtualFd.number, entry);
    this.#bySessionId.set(entry.sessionId, entry);
    this.#opened += 1;
    this.#peak = Math.max(this.#peak, this.#bySessionId.size);
    return entry;
  }

  /** The entry whose virtual fd this is; undefined for any other number. Always undefined in mode 'session'. */
  byFd(fd: number): ConnectionEntry | undefined {
    const entry = this.#virtualFds?.list.at(fd);
    entry?.see();
    return entry;
  }

  bySessionId(sessionId: bigint): ConnectionEntry | undefined {
    return this.#bySessionId.get(sessionId);
  }

  /** All entries, in the order in which they were opened. */
  entries(): IterableIterator<ConnectionEntry> {
    return this.#bySessionId.values();
  }

  /** Counts the process's descriptors, which takes time in proportion to them: not for every request. */
  stats(): ConnectionRegistryStats {
    return {
      mode: this.#mode,
      connections: this.#bySessionId.size,
      peakConnections: this.#peak,
      opened: this.#opened,
      maxConnections: this.#maxConnections,
      listSize: this.#virtualFds?.listSize ?? 0,
      virtualFds: this.#virtualFds && { ...this.#virtualFds.pool.stats(), ...this.#fdUse(this.#virtualFds.budget) },
    };
  }

  /** Ends the entries that are left (H3_NO_ERROR) and frees everything. No entry can be opened afterwards. */
  close(): void {
    this.#maxConnections = 0;
    for (const entry of this.#bySessionId.values()) entry.closed({ code: H3_ERROR.H3_NO_ERROR, error: undefined });
    this.#virtualFds?.pool.close();
  }

  #prepareVirtualFds(options: VirtualFdOptions): VirtualFds {
    const usage = this.#calls.fdUsage();
    const raise = options.raiseFdLimit === true && usage.soft < usage.hard;
    const softLimit = raise ? this.#calls.setFdLimit(usage.hard) : usage.soft;
    const resolved = resolveVirtualFdOptions(options, this.#maxConnections, softLimit);
    const budget = new FdBudget(this.#calls, softLimit, resolved, (warning) => this.#warn(warning));
    return {
      pool: new VirtualFdPool(this.#calls, resolved, budget),
      budget,
      list: new ConnectionList(resolved.listSize),
      listSize: resolved.listSize,
    };
  }

  #fdUse(budget: FdBudget): FdUse {
    const { soft, hard, open } = this.#calls.fdUsage();
    return { softLimit: soft, hardLimit: hard, open, reserved: budget.reserved, nearLimit: budget.warned };
  }

  #warn(warning: FdWarning): void {
    process.emitWarning(warningText(warning), { type: 'Http3FdWarning', code: 'HTTP3_FD_LIMIT' });
    this.#options.onFdWarning?.(warning);
  }

  /** Everything is let go of before the user hears of it: what a listener throws or opens finds the table in order. */
  #entryClosed(
    entry: ConnectionEntry,
    virtualFd: VirtualFd | undefined,
    wasConnected: boolean,
    end: ConnectionEnd,
  ): void {
    this.#bySessionId.delete(entry.sessionId);
    if (virtualFd !== undefined) {
      this.#virtualFds?.list.remove(virtualFd.number, entry);
      this.#virtualFds?.pool.release(virtualFd);
    }
    if (wasConnected) this.#options.onClose(entry, end);
  }
}
