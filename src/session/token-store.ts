/** A resumption token and what has to be remembered with it. */
export interface StoredToken {
  /** Opaque: TLS ticket, transport parameters and HTTP/3 settings (`Http3Client::take_resumption_token`). */
  readonly token: Uint8Array;
  /** End of life, milliseconds since the epoch. */
  readonly expires: number;
  /** The certificate chain of the full handshake, DER, leaf first: a resumed handshake shows none. */
  readonly certificates: readonly Uint8Array[];
}

/**
 * Keeps resumption tokens between connections. Implement it to share them between processes. A token is a secret: whoever
 * has it can resume the session in its owner's name, so keep it as you would a private key.
 *
 * A key names the server and the way its certificate was verified; treat it as opaque. Tokens should be used once
 * (RFC 8446 C.4), so `take` removes what it returns. Errors of a store are reported as a 'tokenStoreError' event of the
 * session and cost only the resumption.
 */
export interface TokenStore {
  take(key: string): StoredToken | undefined | Promise<StoredToken | undefined>;
  put(key: string, token: StoredToken): void | Promise<void>;
}

/**
 * A token as a store gave it back, which may be anything.
 *
 * @throws TypeError if it is no token
 */
export function checkStoredToken(stored: StoredToken): StoredToken | undefined {
  const { token, expires, certificates } = stored;
  const usable =
    token instanceof Uint8Array &&
    Number.isFinite(expires) &&
    Array.isArray(certificates) &&
    certificates.every((certificate) => certificate instanceof Uint8Array);
  if (!usable) throw new TypeError('The token store returned something that is not a token');
  return expires > Date.now() ? stored : undefined;
}

/** Tokens kept of one server: enough for a few parallel connections. */
const TOKENS_PER_KEY = 4;
/** Servers remembered. */
const DEFAULT_MAX_KEYS = 1024;

/** Keeps tokens in memory; the least recently used server is forgotten first. */
export class MemoryTokenStore implements TokenStore {
  readonly #tokens = new Map<string, StoredToken[]>();
  readonly #maxKeys: number;

  /** @param maxKeys servers remembered, default 1024 */
  constructor(maxKeys = DEFAULT_MAX_KEYS) {
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#tokens.size;
  }

  /** The newest token that has not expired. */
  take(key: string): StoredToken | undefined {
    const tokens = this.#tokens.get(key);
    if (tokens === undefined) return undefined;
    const now = Date.now();
    let found: StoredToken | undefined;
    while (found === undefined && tokens.length > 0) {
      const candidate = tokens.pop();
      if (candidate !== undefined && candidate.expires > now) found = candidate;
    }
    if (tokens.length === 0) this.#tokens.delete(key);
    return found;
  }

  put(key: string, token: StoredToken): void {
    const tokens = this.#tokens.get(key) ?? [];
    tokens.push(token);
    if (tokens.length > TOKENS_PER_KEY) tokens.shift();
    // Set again, so that the map's order is that of use.
    this.#tokens.delete(key);
    this.#tokens.set(key, tokens);
    if (this.#tokens.size > this.#maxKeys) {
      const oldest = this.#tokens.keys().next();
      if (oldest.done !== true) this.#tokens.delete(oldest.value);
    }
  }

  clear(): void {
    this.#tokens.clear();
  }
}
