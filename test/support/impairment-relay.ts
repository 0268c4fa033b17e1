import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Direction, Impairment, ProxyAddress, ProxyCounters, ProxyOptions } from './impairment.js';
import { ImpairmentLink } from './impairment-link.js';
import { bindUdpSocket } from './udp-socket.js';

const DEFAULT_CLIENT_IDLE_MS = 120_000;
const IPV4_UDP_HEADER_BYTES = 28;
const IPV6_UDP_HEADER_BYTES = 48;
/** Separates the two directions' random numbers. */
const DOWN_SEED = 0x51ed270b;

/** Functions that run inside the relay's process. */
export interface RelayHooks {
  /** Sees every datagram as it arrives, before its fate is decided. The buffer is only valid during the call. */
  readonly onDatagram?: (direction: Direction, datagram: Buffer) => void;
  /**
   * Replaces a datagram before its fate is decided; undefined drops it.
   * @param index the datagram's number (from 0) within its client and direction
   */
  readonly mutate?: (direction: Direction, datagram: Buffer, index: number) => Buffer | undefined;
}

/** One client's path through the relay. */
interface Flow {
  readonly key: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  /** The socket towards the server, or undefined while it is being opened; earlier ones stay open as a NAT's dead mappings. */
  upstream: Socket | undefined;
  readonly retired: Socket[];
  /** Datagrams that came out of the link before the first upstream socket was open. */
  readonly waiting: Buffer[];
  upCount: number;
  downCount: number;
  lastActiveMs: number;
}

/**
 * The impairment proxy's engine: UDP sockets on both sides and an {@link ImpairmentLink} for each direction.
 *
 * It runs in the process that starts it; {@link ImpairmentProxy} runs one in a child process. ECN marks are not
 * carried over: Node's dgram shows none.
 */
export class ImpairmentRelay {
  readonly address: ProxyAddress;
  readonly #options: ProxyOptions;
  readonly #hooks: RelayHooks;
  readonly #listener: Socket;
  readonly #flows = new Map<string, Flow>();
  readonly #links: Readonly<Record<Direction, ImpairmentLink<Flow>>>;
  readonly #sweep: NodeJS.Timeout;
  #rebinds = 0;
  #closed = false;
  #socketErrors = 0;
  readonly #countSocketError = (): void => {
    this.#socketErrors += 1;
  };

  private constructor(options: ProxyOptions, hooks: RelayHooks, listener: Socket) {
    this.#options = options;
    this.#hooks = hooks;
    this.#listener = listener;
    const { address, port } = listener.address();
    this.address = { host: address, port };
    const headerBytes = isIPv6(options.target.host) ? IPV6_UDP_HEADER_BYTES : IPV4_UDP_HEADER_BYTES;
    this.#links = {
      up: new ImpairmentLink(options.seed, headerBytes, options.up ?? {}, (flow, datagram) =>
        this.#sendUp(flow, datagram),
      ),
      down: new ImpairmentLink(options.seed ^ DOWN_SEED, headerBytes, options.down ?? {}, (flow, datagram) =>
        this.#sendDown(flow, datagram),
      ),
    };
    listener.on('error', this.#countSocketError);
    listener.on('message', (datagram, remote) => this.#onClientDatagram(datagram, remote));
    const idleMs = options.clientIdleMs ?? DEFAULT_CLIENT_IDLE_MS;
    this.#sweep = setInterval(() => this.#closeIdleFlows(idleMs), Math.max(1, idleMs / 2)).unref();
  }

  /** @throws the error of bind(2), such as EADDRINUSE or EADDRNOTAVAIL */
  static async start(options: ProxyOptions, hooks: RelayHooks = {}): Promise<ImpairmentRelay> {
    const host = options.listenHost ?? (isIPv6(options.target.host) ? '::1' : '127.0.0.1');
    return new ImpairmentRelay(options, hooks, await bindUdpSocket(host, options.listenPort ?? 0));
  }

  /** Changes some of a direction's impairments from the next datagram on. */
  set(direction: Direction, impairment: Partial<Impairment>): void {
    this.#links[direction].set(impairment);
  }

  /** Drops everything that arrives, in both directions, until switched off. Datagrams on their way still arrive. */
  setBlackhole(on: boolean): void {
    this.#links.up.setBlackhole(on);
    this.#links.down.setBlackhole(on);
  }

  /**
   * Moves every client to a new source port towards the server, as a NAT does that forgot its mappings. What the server
   * sends to an old port vanishes.
   * @returns the new source ports
   */
  async rebind(): Promise<number[]> {
    const flows = [...this.#flows.values()].filter((flow) => flow.upstream !== undefined);
    const sockets = await Promise.all(flows.map((flow) => this.#openUpstream(flow)));
    this.#rebinds += 1;
    return sockets.map((socket) => socket.address().port);
  }

  /** Sends a datagram from the proxy's address to every client. Returns the number of clients. */
  injectToClient(datagram: Buffer): number {
    return this.#inject('down', datagram);
  }

  /** Sends a datagram to the server from every client's present source port. Returns the number of clients. */
  injectToServer(datagram: Buffer): number {
    return this.#inject('up', datagram);
  }

  counters(): ProxyCounters {
    return {
      up: { ...this.#links.up.counters },
      down: { ...this.#links.down.counters },
      clients: this.#flows.size,
      rebinds: this.#rebinds,
      socketErrors: this.#socketErrors,
    };
  }

  /** Closes all sockets; datagrams on their way are lost. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    clearInterval(this.#sweep);
    this.#links.up.close();
    this.#links.down.close();
    for (const flow of [...this.#flows.values()]) {
      this.#closeFlow(flow);
    }
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    await closed;
  }

  #inject(direction: Direction, datagram: Buffer): number {
    for (const flow of this.#flows.values()) {
      this.#links[direction].inject(flow, datagram);
    }
    return this.#flows.size;
  }

  #onClientDatagram(datagram: Buffer, remote: RemoteInfo): void {
    const key = `${remote.address} ${remote.port}`;
    const flow = this.#flows.get(key) ?? this.#openFlow(key, remote);
    const index = flow.upCount;
    flow.upCount += 1;
    this.#admit('up', flow, index, datagram);
  }

  #onServerDatagram(flow: Flow, datagram: Buffer): void {
    const index = flow.downCount;
    flow.downCount += 1;
    this.#admit('down', flow, index, datagram);
  }

  #admit(direction: Direction, flow: Flow, index: number, datagram: Buffer): void {
    flow.lastActiveMs = performance.now();
    const { onDatagram, mutate } = this.#hooks;
    onDatagram?.(direction, datagram);
    const mutated = mutate === undefined ? datagram : mutate(direction, datagram, index);
    if (mutated === undefined) {
      this.#links[direction].countLost();
    } else {
      this.#links[direction].admit(flow, index, mutated);
    }
  }

  #openFlow(key: string, remote: RemoteInfo): Flow {
    const flow: Flow = {
      key,
      clientAddress: remote.address,
      clientPort: remote.port,
      upstream: undefined,
      retired: [],
      waiting: [],
      upCount: 0,
      downCount: 0,
      lastActiveMs: performance.now(),
    };
    this.#flows.set(key, flow);
    this.#openUpstream(flow).then(
      (socket) => {
        for (const datagram of flow.waiting.splice(0)) {
          socket.send(datagram);
        }
      },
      () => {
        // Out of ports or descriptors: the client's next datagram tries again.
        this.#countSocketError();
        this.#closeFlow(flow);
      },
    );
    return flow;
  }

  async #openUpstream(flow: Flow): Promise<Socket> {
    const { host, port } = this.#options.target;
    const socket = await bindUdpSocket(isIPv6(host) ? '::' : '0.0.0.0', 0);
    socket.on('error', this.#countSocketError);
    const connected = once(socket, 'connect');
    socket.connect(port, host);
    await connected;
    if (this.#closed || !this.#flows.has(flow.key)) {
      socket.close();
      return socket;
    }
    if (flow.upstream !== undefined) {
      flow.upstream.removeAllListeners('message');
      flow.retired.push(flow.upstream);
    }
    flow.upstream = socket;
    socket.on('message', (datagram) => this.#onServerDatagram(flow, datagram));
    return socket;
  }

  #sendUp(flow: Flow, datagram: Buffer): void {
    if (flow.upstream === undefined) {
      flow.waiting.push(datagram);
    } else {
      flow.upstream.send(datagram);
    }
  }

  #sendDown(flow: Flow, datagram: Buffer): void {
    if (this.#flows.has(flow.key)) {
      this.#listener.send(datagram, flow.clientPort, flow.clientAddress);
    }
  }

  #closeIdleFlows(idleMs: number): void {
    const oldest = performance.now() - idleMs;
    for (const flow of [...this.#flows.values()]) {
      if (flow.lastActiveMs < oldest) {
        this.#closeFlow(flow);
      }
    }
  }

  #closeFlow(flow: Flow): void {
    this.#flows.delete(flow.key);
    for (const socket of flow.upstream === undefined ? flow.retired : [...flow.retired, flow.upstream]) {
      socket.close();
    }
  }
}
