/** Network namespaces: a network stack of its own for some processes, with nothing in it but loopback. */
import { existsSync } from 'node:fs';
import { PeerProcess } from '../../test/support/peer-process.js';
import { runProgram } from '../../test/support/run-child.js';

/** As long as it lives, so does its namespace, which has no name and thus is never left behind. */
const HOLDER = ['sh', '-c', 'ip link set lo up && echo up && exec sleep infinity'];
const DEADLINE_MS = 10_000;

export class NetworkNamespace {
  /** @type {PeerProcess} */
  #holder;

  /** @param {PeerProcess} holder */
  constructor(holder) {
    this.#holder = holder;
  }

  /** @returns {Promise<string | undefined>} why there can be none here */
  static async hindrance() {
    if (process.getuid?.() !== 0) return 'only root can make network namespaces';
    if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
    const trial = await runProgram('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).catch(String);
    if (typeof trial === 'string') return trial;
    return trial.exitCode === 0 ? undefined : `no network namespace can be made: ${trial.stderr.trim()}`;
  }

  /** @throws {Error} if it cannot be made */
  static async make() {
    /** @type {(line: string) => void} */
    let onLine = () => undefined;
    /** @type {Promise<string>} */
    const up = new Promise((resolve) => {
      onLine = resolve;
    });
    const holder = new PeerProcess('unshare', ['--net', ...HOLDER], { onLine });
    const namespace = new NetworkNamespace(holder);
    try {
      await holder.expect('should make a network namespace', up, DEADLINE_MS);
    } catch (error) {
      await namespace.remove();
      throw error;
    }
    return namespace;
  }

  /** Of a process in it. */
  get pid() {
    return this.#holder.pid;
  }

  /**
   * @param {string} file
   * @param {readonly string[]} args
   * @returns {[file: string, ...args: string[]]} the command that runs this one in the namespace, in the same process
   */
  command(file, args) {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--', file, ...args];
  }

  /**
   * Runs a program in it.
   *
   * @param {string} file
   * @param {...string} args
   * @throws {Error} if it fails
   */
  async run(file, ...args) {
    const [command, ...rest] = this.command(file, args);
    const { exitCode, stderr } = await runProgram(command, rest);
    if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')}: exit code ${exitCode}\n${stderr}`);
  }

  /** Ends it, which removes its devices. Processes in it keep what is left. */
  async remove() {
    await this.#holder.stop();
  }
}
