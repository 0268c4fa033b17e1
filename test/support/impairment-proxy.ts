import { setTimeout as sleep } from 'node:timers/promises';
import { ChildModule } from './child-module.js';
import type { Direction, Impairment, ProxyAddress, ProxyCounters, ProxyOptions } from './impairment.js';
import type { CapturedDatagram, ProxyFunctions, ProxyInit } from './impairment-proxy-child.js';

/**
 * A seeded UDP proxy that impairs what passes between QUIC clients and a server: loss, duplication, reordering,
 * corruption, delay, jitter, rate limits, small MTUs, blackholes and NAT rebinding.
 *
 * It runs in a child process, so that it takes nothing of the test's event loop. Each call resolves when it is in force.
 * A test that must change datagrams by a function of its own uses {@link ImpairmentRelay} in its own process.
 */
export class ImpairmentProxy {
  readonly address: ProxyAddress;
  readonly #child: ChildModule<ProxyFunctions>;

  private constructor(address: ProxyAddress, child: ChildModule<ProxyFunctions>) {
    this.address = address;
    this.#child = child;
  }

  /**
   * @param onDatagram sees every datagram as it arrived, before its fate was decided; in order within a direction
   * @throws the error of bind(2), with its code
   */
  static async start(
    options: ProxyOptions,
    onDatagram?: (direction: Direction, datagram: Uint8Array) => void,
  ): Promise<ImpairmentProxy> {
    const init: ProxyInit = { options, capture: onDatagram !== undefined };
    const module = new URL('./impairment-proxy-child.ts', import.meta.url);
    const child = await ChildModule.start<ProxyFunctions>(module, init, (batch) => {
      for (const { direction, datagram } of batch as CapturedDatagram[]) {
        onDatagram?.(direction, datagram);
      }
    });
    return new ImpairmentProxy(await child.call('address'), child);
  }

  get port(): number {
    return this.address.port;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Changes some of a direction's impairments; the others stay as they are. */
  set(direction: Direction, impairment: Partial<Impairment>): Promise<void> {
    return this.#child.call('set', direction, impairment);
  }

  /** Drops everything in both directions until switched off. */
  blackhole(on: boolean): Promise<void> {
    return this.#child.call('setBlackhole', on);
  }

  /** Drops everything in both directions for a time; resolves when datagrams pass again. */
  async blackholeFor(milliseconds: number): Promise<void> {
    await this.blackhole(true);
    await sleep(milliseconds);
    await this.blackhole(false);
  }

  /** Gives each client a new source port towards the server, as a NAT does. Returns the new ports. */
  rebind(): Promise<number[]> {
    return this.#child.call('rebind');
  }

  /** Sends a datagram that the server never sent to each client, from the address that clients expect. Returns the number of clients. */
  injectToClient(datagram: Uint8Array): Promise<number> {
    return this.#child.call('injectToClient', datagram);
  }

  /** Sends a datagram that no client sent to the server, from each client's source port. Returns the number of clients. */
  injectToServer(datagram: Uint8Array): Promise<number> {
    return this.#child.call('injectToServer', datagram);
  }

  counters(): Promise<ProxyCounters> {
    return this.#child.call('counters');
  }

  /** Ends the proxy; datagrams on their way are lost. Idempotent. */
  close(): Promise<void> {
    return this.#child.stop();
  }
}
