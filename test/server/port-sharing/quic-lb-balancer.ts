import type { RemoteInfo, Socket } from 'node:dgram';
import { bindUdpSocket } from '../../support/udp-socket.js';

/** A configuration of draft-ietf-quic-load-balancers 3 with the plaintext algorithm (5.2). */
export interface BalancerConfig {
  readonly configRotation: number;
  readonly serverIdLength: number;
  /** Port of each server on 127.0.0.1, by server id in hex. */
  readonly servers: Readonly<Record<string, number>>;
}

/**
 * A UDP load balancer that speaks QUIC-LB. It has no table of connections: a datagram with a routable id goes where that
 * says, any other to the servers in turn, always to the same for the same client address.
 */
export class QuicLbBalancer {
  readonly port: number;
  /** Datagrams that were routed by their connection id. */
  routed = 0;
  readonly #config: BalancerConfig;
  readonly #listener: Socket;
  /** By client address and server; as the servers' view of the client, it stands for its address. */
  readonly #upstreams = new Map<string, Promise<Socket>>();
  readonly #fallback = new Map<string, number>();

  private constructor(config: BalancerConfig, listener: Socket) {
    this.#config = config;
    this.#listener = listener;
    this.port = listener.address().port;
    listener.on('message', (datagram, from) => void this.#pass(datagram, from));
  }

  static async start(config: BalancerConfig): Promise<QuicLbBalancer> {
    return new QuicLbBalancer(config, await bindUdpSocket('127.0.0.1', 0));
  }

  async close(): Promise<void> {
    this.#listener.close();
    for (const upstream of this.#upstreams.values()) (await upstream).close();
  }

  async #pass(datagram: Buffer, from: RemoteInfo): Promise<void> {
    const client = `${from.address}:${from.port}`;
    const port = this.#route(datagram) ?? this.#next(client);
    const key = `${client} ${port}`;
    let upstream = this.#upstreams.get(key);
    if (upstream === undefined) {
      upstream = this.#open(from);
      this.#upstreams.set(key, upstream);
    }
    (await upstream).send(datagram, port, '127.0.0.1');
  }

  #route(datagram: Buffer): number | undefined {
    const { configRotation, serverIdLength, servers } = this.#config;
    const isLong = (datagram.readUInt8(0) & 0x80) !== 0;
    const id = datagram.subarray(isLong ? 6 : 1);
    if (id.readUInt8(0) >>> 5 !== configRotation) return undefined;
    const port = servers[id.toString('hex', 1, 1 + serverIdLength)];
    if (port !== undefined) this.routed += 1;
    return port;
  }

  #next(client: string): number {
    const ports = Object.values(this.#config.servers);
    const index = this.#fallback.get(client) ?? this.#fallback.size;
    this.#fallback.set(client, index);
    return ports[index % ports.length] ?? 0;
  }

  async #open(client: RemoteInfo): Promise<Socket> {
    const upstream = await bindUdpSocket('127.0.0.1', 0);
    upstream.on('message', (datagram) => this.#listener.send(datagram, client.port, client.address));
    return upstream;
  }
}
