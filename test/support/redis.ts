import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.js';
import { PeerProcess } from './peer-process.js';
import { ensureTool } from './peer-tools.js';

const READY = /Ready to accept connections/;
const START_ATTEMPTS = 3;
const START_DEADLINE_MS = 10_000;

/** A Redis server at 127.0.0.1 that writes nothing to the disk. */
export interface RedisServer {
  /** Such as `redis://127.0.0.1:6379`. */
  readonly url: string;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/**
 * Starts redis-server and waits until it accepts connections. Installs it if it is missing and can be installed.
 * @throws Error with its output if it does not come up
 */
export async function startRedis(): Promise<RedisServer> {
  await ensureTool('redis-server');
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-redis-'));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  let failure: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    const port = await findFreePort('127.0.0.1');
    const args = [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      directory,
    ];
    let onReady = (): void => undefined;
    const ready = new Promise<void>((resolve) => {
      onReady = resolve;
    });
    const peer = new PeerProcess('redis-server', args, { onLine: (line) => READY.test(line) && onReady() });
    try {
      await peer.expect(`accept connections at port ${port}`, ready, START_DEADLINE_MS);
      return { url: `redis://127.0.0.1:${port}`, stop: () => peer.stop().then(removeDirectory) };
    } catch (error) {
      await peer.stop();
      failure = error;
    }
  }
  await removeDirectory();
  throw failure;
}
