import { mkdirSync, readFileSync } from 'node:fs';
import type { ClientHttp3Session } from '../client/client-session.js';
import { connect } from '../client/connect.js';
import type { ConnectOptions } from '../client/request-options.js';
import { errorMessage } from '../errors.js';
import type { ConnectTimings } from '../http/connection-race.js';
import type { ConnectionInfo } from '../session/session-types.js';
import { trustAnchors } from '../session/trust-anchors.js';
import type { CliOptions } from './arguments.js';
import { AwaitedToken } from './awaited-token.js';
import { CliError, EXIT } from './exit-codes.js';
import { ADDON_NOT_FOUND, codeOf } from './failures.js';
import type { Messages } from './messages.js';
import { ResolveOverrides } from './resolve-overrides.js';
import { TokenCacheFile } from './token-cache-file.js';
import type { RequestUrl } from './url.js';
import type { Verbose } from './verbose.js';

/** An established connection with the moments of its making. */
export interface EstablishedConnection {
  readonly info: ConnectionInfo;
  readonly timings: Readonly<ConnectTimings>;
}

/** Time for a server's session ticket, in round trips: it comes one after the end of the handshake. */
const TICKET_ROUND_TRIPS = 4;
/** Bounds of that time in milliseconds. */
const MIN_TICKET_WAIT = 20;
const MAX_TICKET_WAIT = 500;

/** The session of one origin. */
export class PooledSession {
  readonly session: ClientHttp3Session;
  readonly #token: AwaitedToken | undefined;
  #latest: EstablishedConnection | undefined;
  #unclaimed = 0;

  constructor(session: ClientHttp3Session, token: AwaitedToken | undefined) {
    this.session = session;
    this.#token = token;
    session.on('connect', (info, timings) => {
      this.#latest = { info, timings };
      this.#unclaimed += 1;
    });
  }

  /** The latest connection. */
  get connection(): EstablishedConnection | undefined {
    return this.#latest;
  }

  /** Connections made since the last call: each is counted for one transfer only. */
  claimConnections(): number {
    const count = this.#unclaimed;
    this.#unclaimed = 0;
    return count;
  }

  /** Closes the session; one whose tokens are kept gets the time to receive one, which a response in 0-RTT may outrun. */
  async close(): Promise<void> {
    if (this.#token !== undefined && this.session.connected) {
      const { rttMs = 0 } = (await this.session.stats()) ?? {};
      const wait = Math.min(MAX_TICKET_WAIT, Math.max(MIN_TICKET_WAIT, TICKET_ROUND_TRIPS * rttMs));
      await this.#token.wait(wait);
    }
    await this.session.close();
  }
}

/** One session for each origin, shared by all transfers. */
export class SessionPool {
  readonly #sessions = new Map<string, PooledSession>();
  readonly #base: ConnectOptions;
  readonly #overrides: ResolveOverrides;
  readonly #tokenCache: TokenCacheFile | undefined;
  readonly #messages: Messages;
  readonly #verbose: Verbose | undefined;

  /** @throws CliError for a CA file, a directory or a `--resolve` that cannot be used */
  constructor(options: CliOptions, messages: Messages, verbose: Verbose | undefined) {
    this.#messages = messages;
    this.#verbose = verbose;
    this.#overrides = new ResolveOverrides(options.resolve);
    this.#tokenCache =
      options.tokenCacheFile === undefined
        ? undefined
        : new TokenCacheFile(options.tokenCacheFile, (message) => messages.warning(message));
    this.#base = {
      rejectUnauthorized: !options.insecure,
      ...(options.caFile !== undefined && { ca: readCaFile(options.caFile) }),
      family: options.family,
      ...(options.connectTimeout !== undefined && { connectTimeout: options.connectTimeout }),
      ...(options.qlogDir !== undefined && { qlogDir: makeDirectory(options.qlogDir) }),
      // As curl, which leaves it to --max-time to limit how long a server may think.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }

  /** The session of a URL's origin; begins to connect if it is new. */
  get(url: RequestUrl): PooledSession {
    const known = this.#sessions.get(url.origin);
    if (known !== undefined) return known;
    const lookup = this.#overrides.lookup(url.port, (host, addresses) =>
      this.#verbose?.resolved(host, url.port, addresses),
    );
    const token = this.#tokenCache === undefined ? undefined : new AwaitedToken(this.#tokenCache);
    const session = connect(url.origin, { ...this.#base, lookup, tokenStore: token ?? false });
    const pooled = new PooledSession(session, token);
    this.#sessions.set(url.origin, pooled);
    session.on('tokenStoreError', (error) =>
      this.#messages.warning(`The 0-RTT cache cannot be written: ${errorMessage(error)}`),
    );
    this.#verbose?.watch(url, session);
    return pooled;
  }

  /** Closes all connections; resolves when that is done and the tokens are stored. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((pooled) => pooled.close()));
    await this.#tokenCache?.flush();
  }
}

function readCaFile(path: string): Buffer {
  try {
    const content = readFileSync(path);
    // Also finds a file without certificates now, before there is a URL to blame.
    trustAnchors(content);
    return content;
  } catch (error) {
    if (codeOf(error) === ADDON_NOT_FOUND) throw error;
    throw new CliError(EXIT.CA_FILE, `error setting certificate file '${path}': ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

function makeDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    return path;
  } catch (error) {
    throw new CliError(EXIT.WRITE, `cannot make the directory for qlog files: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
