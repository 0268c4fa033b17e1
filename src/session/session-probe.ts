import { ConnectionError } from '../errors.js';
import type { NativeStats } from '../native.js';

/** Milliseconds between two PINGs unless the session is told otherwise; undici's default for HTTP/2. */
export const DEFAULT_PING_INTERVAL = 60_000;

/**
 * Probe timeouts (RFC 9002 6.2) that a PING may take. With the back-off it is sent at 0, 1, 3 and 7 of them, so that a path that
 * loses every tenth packet each way fails one probe in a thousand.
 */
const PATIENCE_PTOS = 8;
/** The least that a PING may take in milliseconds: a busy peer, or a radio that wakes up, is not dead. */
const MIN_PATIENCE_MS = 2000;
/** The longest that a peer may delay an acknowledgement by default (RFC 9000 18.2), and the timers' granularity (RFC 9002 6.1.2). */
const MAX_ACK_DELAY_MS = 25;
const GRANULARITY_MS = 1;

/** What a probe needs of the session it watches. */
export interface ProbedSession {
  /** Milliseconds of a round trip; undefined if the connection ends first. */
  ping(): Promise<number | undefined>;
  stats(): Promise<NativeStats | undefined>;
  /** The peer is gone. */
  lost(reason: ConnectionError): void;
}

/**
 * Finds out whether the peer is still there, at intervals and when asked. A session is given up when nothing at all has come from
 * the peer for as long as a PING may take: 8 probe timeouts, at least 2 s.
 */
export class SessionProbe {
  readonly #session: ProbedSession;
  readonly #interval: number;
  #intervalTimer: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #running = false;
  #stopped = false;

  /** @param interval between PINGs in milliseconds; 0: only when asked */
  constructor(session: ProbedSession, interval: number) {
    this.#session = session;
    this.#interval = interval;
  }

  /** The handshake is done. */
  start(): void {
    if (this.#interval === 0 || this.#stopped || this.#intervalTimer !== undefined) return;
    this.#intervalTimer = setInterval(() => this.probe(), this.#interval);
    this.#intervalTimer.unref();
  }

  /** The connection is over. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#intervalTimer);
    clearTimeout(this.#deadline);
  }

  /** Begins a probe unless one is under way. */
  probe(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const before = await this.#session.stats();
    if (before !== undefined && !this.#stopped) this.#expect(before.packetsReceived, patience(before));
    await this.#session.ping();
    clearTimeout(this.#deadline);
    this.#running = false;
  }

  #expect(packetsReceived: number, patienceMs: number): void {
    this.#deadline = setTimeout(() => void this.#judge(packetsReceived, patienceMs), patienceMs);
    this.#deadline.unref();
  }

  async #judge(packetsReceived: number, patienceMs: number): Promise<void> {
    const now = await this.#session.stats();
    if (now === undefined || !this.#running || this.#stopped) return;
    // The PING may wait for room in the congestion window: whatever arrives is a sign of life.
    if (now.packetsReceived > packetsReceived) this.#expect(now.packetsReceived, patience(now));
    else
      this.#session.lost(
        new ConnectionError('ERR_HTTP3_CONNECTION', `The server did not answer a PING within ${patienceMs} ms`),
      );
  }
}

/** How long a PING may take, in whole milliseconds. */
function patience({ rttMs, rttVarMs }: NativeStats): number {
  const probeTimeout = rttMs + Math.max(4 * rttVarMs, GRANULARITY_MS) + MAX_ACK_DELAY_MS;
  return Math.ceil(Math.max(MIN_PATIENCE_MS, PATIENCE_PTOS * probeTimeout));
}
