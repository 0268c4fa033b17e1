import type { WebTransportSendStreamStats } from './dictionaries.js';

/** A stream in a group. */
export interface GroupedStream {
  stats(): Promise<WebTransportSendStreamStats>;
}

type Sums = Required<WebTransportSendStreamStats>;

function add(sums: Sums, stats: WebTransportSendStreamStats): void {
  sums.bytesWritten += stats.bytesWritten ?? 0;
  sums.bytesSent += stats.bytesSent ?? 0;
  sums.bytesAcknowledged += stats.bytesAcknowledged ?? 0;
}

/** Behind a WebTransportSendGroup. Streams that have ended are kept as sums only. */
export class SendGroupState {
  /** The transport that made it: groups are not shared. */
  readonly transport: object;
  readonly streams = new Set<GroupedStream>();
  /** When a datagram of the group was sent last, in turns of the transport. */
  served = 0;
  readonly #allocateId: () => number;
  readonly #ended: Sums = { bytesWritten: 0, bytesSent: 0, bytesAcknowledged: 0 };
  #id: number | undefined;

  /** @param allocateId called when the session is there */
  constructor(transport: object, allocateId: () => number) {
    this.transport = transport;
    this.#allocateId = allocateId;
  }

  /** neqo's number for it, which no other group of the connection has; not 0. */
  get id(): number {
    this.#id ??= this.#allocateId();
    return this.#id;
  }

  /** The stream has ended. Does not reject. */
  async retire(stream: GroupedStream): Promise<void> {
    const stats = await stream.stats();
    add(this.#ended, stats);
    this.streams.delete(stream);
  }

  async stats(): Promise<Sums> {
    // Both at one moment: a stream that ends meanwhile counts once.
    const sums = { ...this.#ended };
    const all = await Promise.all(Array.from(this.streams, (stream) => stream.stats()));
    for (const stats of all) add(sums, stats);
    return sums;
  }
}
