import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { bindUdpSocket } from '../support/udp-socket.js';

/** A UDP peer that sends each datagram back and remembers who sent. */
export class UdpEcho {
  readonly port: number;
  readonly host: string;
  readonly sources: number[] = [];
  readonly received: Buffer[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.host = address;
    this.port = port;
    socket.on('error', () => undefined);
    socket.on('message', (datagram, remote) => {
      this.received.push(datagram);
      if (this.sources.at(-1) !== remote.port) {
        this.sources.push(remote.port);
      }
      socket.send(datagram, remote.port, remote.address);
    });
  }

  static async start(host = '127.0.0.1'): Promise<UdpEcho> {
    return new UdpEcho(await bindUdpSocket(host, 0));
  }

  close(): void {
    this.#socket.close();
  }
}

/** A UDP client of one address that collects what it gets. */
export class UdpClient {
  readonly received: Buffer[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (datagram) => this.received.push(datagram));
  }

  /** @param host and `port`: where it sends to; nothing from elsewhere arrives */
  static async connect(host: string, port: number): Promise<UdpClient> {
    const socket = await bindUdpSocket(host, 0);
    const connected = once(socket, 'connect');
    socket.connect(port, host);
    await connected;
    return new UdpClient(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(datagram: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(datagram, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** Sends datagrams that each carry their 32-bit number, one per turn of the event loop. */
  async sendNumbered(count: number, length = 100): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      const datagram = Buffer.alloc(length);
      datagram.writeUInt32BE(number);
      await this.send(datagram);
    }
  }

  /** Numbers of what was received by now. */
  numbers(): number[] {
    return this.received.map((datagram) => datagram.readUInt32BE(0));
  }

  close(): void {
    this.#socket.close();
  }
}
