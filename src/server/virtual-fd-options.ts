/** Options of the virtual fds, their defaults and their checks. */
import { InvalidArgumentError } from '../errors.js';
import { count, MAX_COUNT, time } from '../http/option-checks.js';

/**
 * What a QUIC connection gets for an fd. 'socketpair': a descriptor of its own, which is its index in the connection
 * list; 'session': none, only a session id.
 */
export type VirtualFdMode = 'socketpair' | 'session';

/** Options of the virtual fds. All counts are of pairs (two descriptors each) where nothing else is said. */
export interface VirtualFdOptions {
  /** Default 'socketpair'. */
  readonly mode?: VirtualFdMode;
  /** Slots of the connection list, i.e. the lowest fd that is too high. Default: see {@link defaultListSize}. */
  readonly listSize?: number;
  /** The pool is refilled, outside of the accept path, when fewer pairs than this are ready. Default 8. */
  readonly poolLow?: number;
  /** Pairs kept ready: a refill stops there, and unused pairs above it are closed. Default 32. */
  readonly poolHigh?: number;
  /** Pairs made by one call. Default 16. */
  readonly poolBatch?: number;
  /**
   * Milliseconds for which the fd of a closed connection is kept open, hung up, so that its number is not given to
   * another connection while somebody still holds it. Default 250; 0: until the next turn of the event loop.
   */
  readonly quarantineMs?: number;
  /** Pairs in quarantine at most; beyond it the oldest are closed early. Default 1024. */
  readonly maxQuarantined?: number;
  /**
   * Descriptors that virtual fds leave free for everything else in the process (the highest numbers below the limit).
   * Default: an eighth of the soft limit, at most 64.
   */
  readonly reservedFds?: number;
  /** Share of the soft limit in use at which 'fdWarning' is given, above 0 and at most 1. Default 0.8. */
  readonly warnAt?: number;
  /** Lift the soft limit (RLIMIT_NOFILE) to the hard one at the start. Default false: node does so itself. */
  readonly raiseFdLimit?: boolean;
}

export type ResolvedVirtualFdOptions = Required<Omit<VirtualFdOptions, 'mode' | 'raiseFdLimit'>>;

const DEFAULT_POOL_LOW = 8;
const DEFAULT_POOL_HIGH = 32;
const DEFAULT_POOL_BATCH = 16;
const DEFAULT_QUARANTINE_MS = 250;
const DEFAULT_MAX_QUARANTINED = 1024;
const DEFAULT_MAX_RESERVED_FDS = 64;
const DEFAULT_RESERVED_SHARE = 1 / 8;
const DEFAULT_WARN_AT = 0.8;

/** A list of this many slots is 512 KiB: room for several servers and many files in one process. */
const DEFAULT_LIST_SIZE = 65_536;
/** Descriptors of everything else in the process for which a larger default list has room. */
const LIST_HEADROOM = 4096;
/** A pair is two descriptors. */
export const FDS_PER_PAIR = 2;

/**
 * Slots of a list for `maxConnections`: each connection takes two fd numbers and the process's other fds some, so 65,536
 * or twice `maxConnections` and 4,096 more, whichever is greater; but no more than the limit, above which no fd can be.
 */
function defaultListSize(maxConnections: number, softLimit: number): number {
  return Math.min(softLimit, Math.max(DEFAULT_LIST_SIZE, FDS_PER_PAIR * maxConnections + LIST_HEADROOM));
}

function fdCount(name: keyof VirtualFdOptions, value: number | undefined, fallback: number, least = 0): number {
  return count(`virtualFds.${name}`, value, fallback, MAX_COUNT, least);
}

/** @throws InvalidArgumentError if the mode is none */
export function checkedVirtualFdMode(mode: VirtualFdMode = 'socketpair'): VirtualFdMode {
  if (mode !== 'socketpair' && mode !== 'session') {
    throw new InvalidArgumentError(`virtualFds.mode must be 'socketpair' or 'session', not ${String(mode)}`);
  }
  return mode;
}

/**
 * @param softLimit RLIMIT_NOFILE, descriptors
 * @throws InvalidArgumentError for a value that cannot be used
 */
export function resolveVirtualFdOptions(
  options: VirtualFdOptions,
  maxConnections: number,
  softLimit: number,
): ResolvedVirtualFdOptions {
  const warnAt = options.warnAt ?? DEFAULT_WARN_AT;
  if (!(warnAt > 0 && warnAt <= 1)) {
    throw new InvalidArgumentError(`virtualFds.warnAt must be above 0 and at most 1, not ${warnAt}`);
  }
  const poolHigh = fdCount('poolHigh', options.poolHigh, Math.min(DEFAULT_POOL_HIGH, maxConnections));
  const poolLow = fdCount('poolLow', options.poolLow, Math.min(DEFAULT_POOL_LOW, poolHigh));
  if (poolLow > poolHigh) {
    throw new InvalidArgumentError(`virtualFds.poolLow (${poolLow}) is above virtualFds.poolHigh (${poolHigh})`);
  }
  const reservedDefault = Math.min(DEFAULT_MAX_RESERVED_FDS, Math.floor(softLimit * DEFAULT_RESERVED_SHARE));
  return {
    listSize: fdCount('listSize', options.listSize, defaultListSize(maxConnections, softLimit), 1),
    poolLow,
    poolHigh,
    poolBatch: fdCount('poolBatch', options.poolBatch, DEFAULT_POOL_BATCH, 1),
    quarantineMs: time('virtualFds.quarantineMs', options.quarantineMs, DEFAULT_QUARANTINE_MS),
    maxQuarantined: fdCount('maxQuarantined', options.maxQuarantined, DEFAULT_MAX_QUARANTINED),
    reservedFds: fdCount('reservedFds', options.reservedFds, reservedDefault),
    warnAt,
  };
}

/** Before there is a limit to resolve them with. @throws InvalidArgumentError for a value that cannot be used */
export function checkVirtualFdOptions(options: VirtualFdOptions, maxConnections: number): void {
  checkedVirtualFdMode(options.mode);
  resolveVirtualFdOptions(options, maxConnections, Number.MAX_SAFE_INTEGER);
}
