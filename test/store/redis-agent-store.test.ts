import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RedisAgentStore } from '../../src/client/store/redis-agent-store.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { describeContract } from './contract.js';

let server: RedisServer;
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await startRedis();
  client = createClient({ url: server.url });
  await client.connect();
});
beforeEach(async () => {
  await client.flushAll();
});
afterAll(async () => {
  client?.destroy();
  await server?.stop();
});

describe('a store in Redis', () => {
  describeContract(() => new RedisAgentStore(client));

  describe('with a client that has the methods of ioredis', () => {
    const ioRedis = {
      callBuffer: (command: string, ...args: (string | Buffer)[]) =>
        client.sendCommand([command, ...args], { typeMapping: { 36: Buffer } }) as Promise<unknown>,
    };
    describeContract(() => new RedisAgentStore(ioRedis));
  });

  test('is shared by all clients, and two prefixes are two stores', async () => {
    const other = createClient({ url: server.url });
    await other.connect();
    const expires = Date.now() + 60_000;
    await new RedisAgentStore(client).set('key', Buffer.from('value'), expires);
    expect(String(await new RedisAgentStore(other).get('key'))).toBe('value');
    expect(await new RedisAgentStore(other, { prefix: 'mine:' }).get('key')).toBeUndefined();
    other.destroy();
  });

  test('leaves no key without an end of life, and the longest of a list counts', async () => {
    const store = new RedisAgentStore(client, { prefix: '' });
    const now = Date.now();
    await store.set('single', Buffer.from('a'), now + 60_000);
    await store.push('several', Buffer.from('a'), now + 120_000);
    await store.push('several', Buffer.from('b'), now + 60_000);
    expect(await client.pExpireTime('single')).toBe(now + 60_000);
    expect(await client.pExpireTime('several')).toBe(now + 120_000);
    await store.push('several', Buffer.from('c'), now + 240_000);
    expect(await client.pExpireTime('several')).toBe(now + 240_000);
  });

  test('rejects with what the client says when the server is gone', async () => {
    const lost = createClient({ url: server.url, disableOfflineQueue: true, socket: { reconnectStrategy: false } });
    lost.on('error', () => undefined);
    await lost.connect();
    const store = new RedisAgentStore(lost);
    await lost.close();
    await expect(store.get('key')).rejects.toThrow();
    await expect(store.push('key', Buffer.from('a'), Date.now() + 1_000)).rejects.toThrow();
  });

  test.each([undefined, null, {}, { sendCommand: true }])('refuses the client %o', (none) => {
    expect(() => new RedisAgentStore(none as never)).toThrow("'redis'");
  });
});
