/** What an operation of a store gives: at once, or later. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Where an agent keeps what it has to remember: alternative services, broken marks and resumption tokens. Give one of your
 * own to keep it elsewhere. The values are opaque bytes, and secret: whoever has a resumption token can resume the session
 * in its owner's name.
 *
 * A key is used with `get` and `set`, or with `push` and `take`, never with both. Keys are text of up to 2,048 characters.
 * `expires` is in milliseconds since the epoch; what has expired is never returned. A store may forget anything at any time.
 * An error costs only what was to be remembered: it is reported, and the request goes on.
 */
export interface AgentStore {
  get(key: string): MaybePromise<Uint8Array | undefined>;
  /** Replaces what the key has. */
  set(key: string, value: Uint8Array, expires: number): MaybePromise<void>;
  /** Forgets everything of the key, of both kinds. */
  delete(key: string): MaybePromise<void>;
  /** Adds one of several values of a key: the newest {@link VALUES_PER_KEY} are kept. */
  push(key: string, value: Uint8Array, expires: number): MaybePromise<void>;
  /** The newest value that was pushed and has not expired. It is removed atomically: no two callers get the same one. */
  take(key: string): MaybePromise<Uint8Array | undefined>;
  /** Gives up what the store holds, such as a file. The owner of the store calls it; an agent does not. */
  close?(): MaybePromise<void>;
}

/** Values that `push` keeps of a key: enough tokens for a few parallel connections. */
export const VALUES_PER_KEY = 4;
