import { InvalidArgumentError } from '../../errors.js';
import { type AgentStore, VALUES_PER_KEY } from './agent-store.js';

/** What is needed of a client of the package `redis` (5 or newer). */
export interface NodeRedisClient {
  sendCommand(
    args: readonly (string | Buffer)[],
    options?: { readonly typeMapping?: Readonly<Record<number, unknown>> },
  ): Promise<unknown>;
}

/** What is needed of a client of the package `ioredis`. */
export interface IoRedisClient {
  callBuffer(command: string, ...args: (string | Buffer)[]): Promise<unknown>;
}

export interface RedisAgentStoreOptions {
  /** What every key begins with. Default `necko-http3:`. */
  readonly prefix?: string;
}

const DEFAULT_PREFIX = 'necko-http3:';

/** Type byte of a bulk string in Redis's protocol, by which `redis` names what a reply is turned into. */
const BULK_STRING = '$'.charCodeAt(0);
const AS_BUFFERS = { typeMapping: { [BULK_STRING]: Buffer } };

/** A pushed value is stored behind its end of life, a double in big-endian order: Redis knows only one for the whole list. */
const EXPIRES_BYTES = 8;

/**
 * Adds a value, drops the oldest, and lets the list live as long as the value that lives longest: as one step, so that no list
 * without an end of life is left by a process that dies between the commands.
 */
const PUSH_SCRIPT = `
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -${VALUES_PER_KEY}, -1)
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIREAT', KEYS[1], ARGV[3]) end`;

/** Remembers in Redis or Valkey, for all processes of a fleet. The client stays its owner's, who connects and closes it. */
export class RedisAgentStore implements AgentStore {
  readonly #call: (command: string, ...args: (string | Buffer)[]) => Promise<unknown>;
  readonly #prefix: string;

  /**
   * @param client of the package `redis` (5 or newer) or `ioredis`
   * @throws InvalidArgumentError if it is neither, or if the prefix is not text
   */
  constructor(client: NodeRedisClient | IoRedisClient, { prefix = DEFAULT_PREFIX }: RedisAgentStoreOptions = {}) {
    if (typeof prefix !== 'string') throw new InvalidArgumentError('prefix: must be text');
    this.#prefix = prefix;
    if (typeof (client as Partial<IoRedisClient> | null)?.callBuffer === 'function') {
      const ioRedis = client as IoRedisClient;
      this.#call = (command, ...args) => ioRedis.callBuffer(command, ...args);
    } else if (typeof (client as Partial<NodeRedisClient> | null)?.sendCommand === 'function') {
      const nodeRedis = client as NodeRedisClient;
      this.#call = (command, ...args) => nodeRedis.sendCommand([command, ...args], AS_BUFFERS);
    } else {
      throw new InvalidArgumentError("client: must be a client of the package 'redis' (5 or newer) or 'ioredis'");
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return bytesOrNothing(await this.#call('GET', this.#prefix + key));
  }

  async set(key: string, value: Uint8Array, expires: number): Promise<void> {
    await this.#call('SET', this.#prefix + key, bufferOf(value), 'PXAT', wholeMilliseconds(expires));
  }

  async delete(key: string): Promise<void> {
    await this.#call('DEL', this.#prefix + key);
  }

  async push(key: string, value: Uint8Array, expires: number): Promise<void> {
    const stored = Buffer.allocUnsafe(EXPIRES_BYTES + value.length);
    stored.writeDoubleBE(expires);
    stored.set(value, EXPIRES_BYTES);
    const left = wholeMilliseconds(expires - Date.now());
    await this.#call('EVAL', PUSH_SCRIPT, '1', this.#prefix + key, stored, left, wholeMilliseconds(expires));
  }

  async take(key: string): Promise<Uint8Array | undefined> {
    // A pop is atomic; what has expired before others of its list is dropped on the way.
    for (let popped = 0; popped < VALUES_PER_KEY; popped += 1) {
      const stored = bytesOrNothing(await this.#call('RPOP', this.#prefix + key));
      if (stored === undefined) return undefined;
      if (stored.length >= EXPIRES_BYTES && stored.readDoubleBE() > Date.now()) return stored.subarray(EXPIRES_BYTES);
    }
    return undefined;
  }
}

/** Redis takes whole numbers only. */
function wholeMilliseconds(time: number): string {
  return String(Math.floor(time));
}

function bufferOf(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function bytesOrNothing(reply: unknown): Buffer | undefined {
  if (reply === null || reply === undefined) return undefined;
  if (!Buffer.isBuffer(reply)) throw new TypeError('The Redis client gave something that is not bytes');
  return reply;
}
