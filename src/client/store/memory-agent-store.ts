import { count } from '../../http/option-checks.js';
import { type AgentStore, VALUES_PER_KEY } from './agent-store.js';

export interface MemoryAgentStoreOptions {
  /** Keys that are kept. Default 4,096. */
  readonly maxKeys?: number;
  /** Bytes of all values that are kept. Default 16 MiB. */
  readonly maxBytes?: number;
}

interface Value {
  readonly bytes: Uint8Array;
  readonly expires: number;
}

const DEFAULT_MAX_KEYS = 4_096;
const DEFAULT_MAX_BYTES = 16 * 2 ** 20;

/** Remembers in memory, for as long as the process runs. The least recently used key is forgotten first. */
export class MemoryAgentStore implements AgentStore {
  /** In the order of use, by key; the newest value of a key is its last. */
  readonly #entries = new Map<string, Value[]>();
  readonly #maxKeys: number;
  readonly #maxBytes: number;
  #bytes = 0;

  /** @throws InvalidArgumentError for a limit that is not a whole number of at least 1 */
  constructor({ maxKeys, maxBytes }: MemoryAgentStoreOptions = {}) {
    this.#maxKeys = count('maxKeys', maxKeys, DEFAULT_MAX_KEYS, Number.MAX_SAFE_INTEGER, 1);
    this.#maxBytes = count('maxBytes', maxBytes, DEFAULT_MAX_BYTES, Number.MAX_SAFE_INTEGER, 1);
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Uint8Array | undefined {
    const values = this.#remove(key);
    const value = values.at(-1);
    if (value === undefined || value.expires <= Date.now()) return undefined;
    this.#keep(key, values);
    return value.bytes;
  }

  set(key: string, value: Uint8Array, expires: number): void {
    this.#remove(key);
    this.#keep(key, [{ bytes: value.slice(), expires }]);
  }

  delete(key: string): void {
    this.#remove(key);
  }

  push(key: string, value: Uint8Array, expires: number): void {
    this.#keep(key, [...this.#remove(key), { bytes: value.slice(), expires }].slice(-VALUES_PER_KEY));
  }

  take(key: string): Uint8Array | undefined {
    const values = this.#remove(key);
    const now = Date.now();
    const at = values.findLastIndex(({ expires }) => expires > now);
    const taken = values[at];
    this.#keep(key, values.slice(0, Math.max(0, at)));
    return taken?.bytes;
  }

  #remove(key: string): Value[] {
    const values = this.#entries.get(key) ?? [];
    this.#entries.delete(key);
    for (const { bytes } of values) this.#bytes -= bytes.length;
    return values;
  }

  /** Makes the key the one that was used last. */
  #keep(key: string, values: Value[]): void {
    if (values.length === 0) return;
    this.#entries.set(key, values);
    for (const { bytes } of values) this.#bytes += bytes.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxKeys && this.#bytes <= this.#maxBytes) return;
      this.#remove(oldest);
    }
  }
}
