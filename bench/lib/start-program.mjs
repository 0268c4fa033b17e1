/** Servers that are programs of their own, and say when they listen. */
import { PeerProcess } from '../../test/support/peer-process.js';

const START_DEADLINE_MS = 30_000;

/**
 * @param {readonly [file: string, ...args: readonly string[]]} command
 * @param {{ env?: Readonly<Record<string, string>> }} [options] `env`: added to this process's environment
 * @returns {Promise<{ pid: number, line: string, stop: () => Promise<void> }>} `line`: the first that it wrote to standard output
 * @throws {Error} with its output if it does not come up
 */
export async function startProgram([file, ...args], { env = {} } = {}) {
  /** @type {(line: string) => void} */
  let onLine = () => undefined;
  /** @type {Promise<string>} */
  const listening = new Promise((resolve) => {
    onLine = resolve;
  });
  const peer = new PeerProcess(file, args, { env, onLine });
  try {
    const line = await peer.expect('should listen', listening, START_DEADLINE_MS);
    return { pid: peer.pid, line, stop: () => peer.stop() };
  } catch (error) {
    await peer.stop();
    throw error;
  }
}
