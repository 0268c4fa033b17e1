/** Two hosts with a path between them that delays and loses IP packets: all of TCP and of UDP goes through it, both ways. */
import { PeerProcess } from '../../test/support/peer-process.js';
import { runProgram } from '../../test/support/run-child.js';
import { NetworkNamespace } from './network-namespace.mjs';
import { buildTunRelay } from './tun-relay.mjs';

/** Documentation addresses (RFC 5737): they are nobody's. */
const CLIENT_ADDRESS = '192.0.2.1';
export const SERVER_ADDRESS = '192.0.2.2';

const DEADLINE_MS = 10_000;
const MICROSECONDS = 1000;
const MILLION = 1e6;
/** Names of devices end at 15 characters; they are in this namespace for a moment only. */
const deviceName = (/** @type {string} */ end) => `necko${process.pid}${end}`;

/** TCP learns nothing for the next connection, and nothing but what is measured is sent: IPv6 would look for routers. */
const SETTINGS = { 'net.ipv4.tcp_no_metrics_save': 1, 'net.ipv6.conf.all.disable_ipv6': 1 };
/** As Linux has it unless it is told otherwise, and neqo. The route's may be set in any namespace, the default may not. */
const CONGESTION_CONTROL = 'cubic';

/**
 * @typedef {object} Impairment
 * @property {number} delayMs each way, of every packet
 * @property {number} loss part of the packets that is lost, each way, each packet for itself
 */

/**
 * @typedef {object} PacketCounts
 * @property {number} passed
 * @property {number} lost
 * @property {number} overflowed packets for which the relay had no room
 */

export class ImpairedNetwork {
  /** @type {PeerProcess} */
  #relay;
  /** Those who wait for the relay's next lines. @type {((line: string) => void)[]} */
  #waiting = [];
  /** @type {NetworkNamespace[]} */
  #namespaces = [];

  /** @param {string} relay program */
  constructor(relay, /** @type {Impairment} */ { delayMs, loss }) {
    const numbers = [delayMs * MICROSECONDS, loss * MILLION].map((value) => String(Math.round(value)));
    this.#relay = new PeerProcess(relay, [deviceName('c'), deviceName('s'), ...numbers], {
      onLine: (line) => this.#waiting.shift()?.(line),
    });
  }

  /**
   * @param {Impairment} impairment
   * @throws {Error} if it cannot be made; nothing is left of it then
   */
  static async start(impairment) {
    const network = new ImpairedNetwork(await buildTunRelay(), impairment);
    try {
      await network.#nextLine();
      await network.#addHost('c', CLIENT_ADDRESS, SERVER_ADDRESS);
      await network.#addHost('s', SERVER_ADDRESS, CLIENT_ADDRESS);
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  /** Where the client runs. */
  get client() {
    return this.#host(0);
  }

  /** Where the server runs, at {@link SERVER_ADDRESS}. */
  get server() {
    return this.#host(1);
  }

  /**
   * Begins the sequence of losses that belongs to a seed.
   *
   * @param {number} seed
   * @returns {Promise<PacketCounts>} since the last one
   */
  async reseed(seed) {
    const line = this.#nextLine();
    this.#relay.writeLine(String(seed));
    const [passed = 0, lost = 0, overflowed = 0] = (await line).split(' ').map(Number);
    return { passed, lost, overflowed };
  }

  /** Removes everything. */
  async stop() {
    await this.#relay.stop();
    await Promise.all(this.#namespaces.map((namespace) => namespace.remove()));
  }

  /** @param {number} index */
  #host(index) {
    const namespace = this.#namespaces[index];
    if (namespace === undefined) throw new Error('the network has not started');
    return namespace;
  }

  /** @returns {Promise<string>} */
  #nextLine() {
    /** @type {Promise<string>} */
    const line = new Promise((resolve) => this.#waiting.push(resolve));
    return this.#relay.expect('should answer', line, DEADLINE_MS);
  }

  /**
   * Makes a namespace and gives it one of the relay's devices.
   *
   * @param {string} end
   * @param {string} address
   * @param {string} peer
   */
  async #addHost(end, address, peer) {
    const host = await NetworkNamespace.make();
    this.#namespaces.push(host);
    const device = deviceName(end);
    const moved = await runProgram('ip', ['link', 'set', device, 'netns', String(host.pid)]);
    if (moved.exitCode !== 0) throw new Error(`ip: ${moved.stderr}`);
    const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
    await host.run('sysctl', '--quiet', '--ignore', '--write', ...settings);
    await host.run('ip', 'address', 'add', address, 'peer', peer, 'dev', device);
    await host.run('ip', 'link', 'set', device, 'txqueuelen', '10000', 'up');
    await host.run('ip', 'route', 'replace', peer, 'dev', device, 'src', address, 'congctl', CONGESTION_CONTROL);
  }
}
