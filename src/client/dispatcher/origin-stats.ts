/** Connections and requests of an origin, as undici's PoolStats has them. */
export interface OriginStats {
  /** Connections that are established. */
  readonly connected: number;
  /** Those of them without a request. */
  readonly free: number;
  /** Requests that wait for a connection. */
  readonly pending: number;
  /** Requests that wait for a stream on a connection. */
  readonly queued: number;
  /** Requests on a connection. */
  readonly running: number;
  /** All requests. */
  readonly size: number;
}

export const NO_STATS: OriginStats = { connected: 0, free: 0, pending: 0, queued: 0, running: 0, size: 0 };

/** The sum of both. Also takes undici's ClientStats, where `connected` is a boolean and some members are missing. */
export function addStats(left: OriginStats, right: Partial<Record<keyof OriginStats, number | boolean>>): OriginStats {
  const sum = (name: keyof OriginStats): number => left[name] + Number(right[name] ?? 0);
  return {
    connected: sum('connected'),
    free: sum('free'),
    pending: sum('pending'),
    queued: sum('queued'),
    running: sum('running'),
    size: sum('size'),
  };
}
