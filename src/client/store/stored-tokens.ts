import type { StoredToken, TokenStore } from '../../session/token-store.js';
import type { AgentStore } from './agent-store.js';

const KEY_PREFIX = 'token:';
/** First byte of a stored token: the format, which a change of it raises. */
const FORMAT_VERSION = 1;
/** Of the version and `expires`, a double. */
const HEAD_BYTES = 1 + 8;
const LENGTH_BYTES = 4;
/** Longer chains are not made by any authority; it bounds what garbage can ask for. */
const MAX_CERTIFICATES = 64;

/**
 * Resumption tokens in an agent's store. All numbers in the format are big-endian: the version (1 byte), `expires` (a double), then the
 * token and each certificate behind their lengths (4 bytes).
 */
export class StoredTokens implements TokenStore {
  readonly #store: AgentStore;

  constructor(store: AgentStore) {
    this.#store = store;
  }

  /** @throws what the store throws; an Error if it gives what {@link put} did not make */
  async take(key: string): Promise<StoredToken | undefined> {
    const stored = await this.#store.take(KEY_PREFIX + key);
    return stored === undefined ? undefined : decodeToken(stored);
  }

  async put(key: string, token: StoredToken): Promise<void> {
    await this.#store.push(KEY_PREFIX + key, encodeToken(token), token.expires);
  }
}

export function encodeToken({ token, expires, certificates }: StoredToken): Uint8Array {
  const parts = [token, ...certificates];
  const size = parts.reduce((sum, part) => sum + LENGTH_BYTES + part.length, HEAD_BYTES);
  const encoded = Buffer.alloc(size);
  encoded.writeUInt8(FORMAT_VERSION);
  encoded.writeDoubleBE(expires, 1);
  let position = HEAD_BYTES;
  for (const part of parts) {
    position = encoded.writeUInt32BE(part.length, position);
    encoded.set(part, position);
    position += part.length;
  }
  return encoded;
}

/** @throws TypeError if it is not what {@link encodeToken} makes */
export function decodeToken(stored: Uint8Array): StoredToken {
  if (!(stored instanceof Uint8Array)) throw unreadable('bytes');
  const encoded = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (encoded.length < HEAD_BYTES || encoded.readUInt8() !== FORMAT_VERSION) throw unreadable('of a known format');
  const expires = encoded.readDoubleBE(1);
  if (!Number.isFinite(expires)) throw unreadable('one with an end of life');
  const parts: Uint8Array[] = [];
  let position = HEAD_BYTES;
  while (position < encoded.length) {
    const begin = position + LENGTH_BYTES;
    const end = begin <= encoded.length ? begin + encoded.readUInt32BE(position) : Number.POSITIVE_INFINITY;
    if (end > encoded.length || parts.length > MAX_CERTIFICATES) throw unreadable('whole');
    // A copy: the store's bytes may be part of something larger, or be used again.
    parts.push(new Uint8Array(encoded.subarray(begin, end)));
    position = end;
  }
  const [token, ...certificates] = parts;
  if (token === undefined || token.length === 0) throw unreadable('whole');
  return { token, expires, certificates };
}

function unreadable(what: string): TypeError {
  return new TypeError(`The store has something in the place of a resumption token that is not ${what}`);
}
