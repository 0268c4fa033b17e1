import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage } from '../errors.js';
import type { StoredToken, TokenStore } from '../session/token-store.js';
import { codeOf } from './failures.js';

const FORMAT_VERSION = 1;
/** Servers remembered; the least recently used is forgotten first. */
const MAX_KEYS = 256;
const TOKENS_PER_KEY = 2;
/** A file larger than this was not written by us: 256 servers with long certificate chains stay below. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Tokens are secrets: whoever has one can resume the connection. */
const FILE_MODE = 0o600;

/** The tokens of all servers, by key; the last is the newest of both. */
type Tokens = Map<string, StoredToken[]>;

/**
 * Keeps resumption tokens in a JSON file, so that the next run resumes. The file is replaced as a whole, so that a reader
 * never sees half of it; two runs at once may lose each other's tokens, which costs a resumption.
 */
export class TokenCacheFile implements TokenStore {
  readonly #path: string;
  readonly #warn: (message: string) => void;
  /** One change after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  /** @param warn told when the file cannot be used and is begun anew */
  constructor(path: string, warn: (message: string) => void) {
    this.#path = path;
    this.#warn = warn;
  }

  /** The newest token that has not expired. It is used once (RFC 8446 C.4), so the file loses it. */
  take(key: string): Promise<StoredToken | undefined> {
    return this.#change((tokens) => {
      const token = tokens.get(key)?.pop();
      return { result: token, changed: token !== undefined };
    });
  }

  put(key: string, token: StoredToken): Promise<void> {
    return this.#change((tokens) => {
      const kept = [...(tokens.get(key) ?? []), token].slice(-TOKENS_PER_KEY);
      // Set again, so that the map's order is that of use.
      tokens.delete(key);
      tokens.set(key, kept);
      for (const oldest of [...tokens.keys()].slice(0, Math.max(0, tokens.size - MAX_KEYS))) tokens.delete(oldest);
      return { result: undefined, changed: true };
    });
  }

  /** Resolves when all that was put is in the file. */
  async flush(): Promise<void> {
    await this.#queue;
  }

  #change<T>(change: (tokens: Tokens) => { readonly result: T; readonly changed: boolean }): Promise<T> {
    const done = this.#queue.then(async () => {
      const tokens = await this.#read();
      const { result, changed } = change(tokens);
      if (changed) await this.#write(tokens);
      return result;
    });
    // A failure is its caller's to report; the next change goes on.
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #read(): Promise<Tokens> {
    try {
      const { size } = await stat(this.#path);
      if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes`);
      return parseTokens(await readFile(this.#path, 'utf8'), Date.now());
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        this.#warn(`The 0-RTT cache '${this.#path}' cannot be used and is begun anew: ${errorMessage(error)}`);
      }
      return new Map();
    }
  }

  async #write(tokens: Tokens): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const temporary = `${this.#path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      const file = await open(temporary, 'wx', FILE_MODE);
      try {
        await file.writeFile(serializeTokens(tokens));
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

function serializeTokens(tokens: Tokens): string {
  const servers = [...tokens].map(([key, list]) => ({
    key,
    tokens: list.map(({ token, expires, certificates }) => ({
      token: toBase64(token),
      expires,
      certificates: certificates.map(toBase64),
    })),
  }));
  return `${JSON.stringify({ version: FORMAT_VERSION, servers })}\n`;
}

/** @throws Error if the text is not what {@link serializeTokens} writes */
function parseTokens(text: string, now: number): Tokens {
  const root: unknown = JSON.parse(text);
  const tokens: Tokens = new Map();
  if (!isRecord(root) || root.version !== FORMAT_VERSION) throw new Error('its format is not known');
  for (const server of list(root.servers)) {
    if (!isRecord(server) || typeof server.key !== 'string') throw new Error('a server in it has no key');
    const valid = list(server.tokens)
      .map(parseToken)
      .filter(({ expires }) => expires > now);
    if (valid.length > 0) tokens.set(server.key, valid.slice(-TOKENS_PER_KEY));
  }
  return tokens;
}

function parseToken(value: unknown): StoredToken {
  if (!isRecord(value) || typeof value.expires !== 'number') throw new Error('a token in it has no end of life');
  return {
    token: fromBase64(value.token),
    expires: value.expires,
    certificates: list(value.certificates).map(fromBase64),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('a list is missing in it');
  return value;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(value: unknown): Uint8Array {
  if (typeof value !== 'string') throw new Error('bytes are missing in it');
  return Buffer.from(value, 'base64');
}
