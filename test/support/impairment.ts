/** What the impairment proxy does to datagrams: the vocabulary shared by the proxy, its child process and its users. */

/** `up` is client to server, `down` is server to client. */
export type Direction = 'up' | 'down';

/** One direction's impairments. Probabilities are in [0, 1]; sizes are bytes; times are milliseconds. */
export interface Impairment {
  /** Probability that a datagram vanishes. */
  readonly loss: number;
  /** Probability that one of a client's first `handshakeDatagrams` datagrams vanishes; `loss` applies besides. */
  readonly handshakeLoss: number;
  /** How many of a client's first datagrams in this direction count as its handshake. Default 12. */
  readonly handshakeDatagrams: number;
  /** Indices (from 0, per client and direction) of datagrams that vanish for certain. */
  readonly dropDatagrams: readonly number[];
  /** Probability that a datagram arrives twice. */
  readonly duplicate: number;
  /** Probability that a datagram is held back by `reorderDelayMs`, so that later ones overtake it. */
  readonly reorder: number;
  /** Default 10. */
  readonly reorderDelayMs: number;
  /** Probability that 1 to 4 adjacent bits of one byte of a datagram are flipped. */
  readonly corrupt: number;
  /** One-way delay. */
  readonly delayMs: number;
  /** Added delay, uniform in [0, jitterMs). It keeps the order: reordering comes from `reorder` alone. */
  readonly jitterMs: number;
  /** Bandwidth of the link in UDP payload bytes; 0 is unlimited. */
  readonly rateBytesPerSecond: number;
  /** Queue before a rate-limited link; a datagram that does not fit is dropped (tail drop). Default 256 KiB. */
  readonly queueBytes: number;
  /** Largest IP packet (headers count: 28 bytes on IPv4, 48 on IPv6); bigger ones vanish, as in a PMTU blackhole. 0 is unlimited. */
  readonly mtu: number;
}

export const NO_IMPAIRMENT: Impairment = {
  loss: 0,
  handshakeLoss: 0,
  handshakeDatagrams: 12,
  dropDatagrams: [],
  duplicate: 0,
  reorder: 0,
  reorderDelayMs: 10,
  corrupt: 0,
  delayMs: 0,
  jitterMs: 0,
  rateBytesPerSecond: 0,
  queueBytes: 256 * 1024,
  mtu: 0,
};

/** What became of one direction's datagrams. `received` = `lost` + `oversized` + `queueDropped` + `blackholed` + those forwarded or still waiting. */
export interface LinkCounters {
  /** Datagrams that came in, without injected ones. */
  received: number;
  /** Datagrams sent on, second copies included. */
  forwarded: number;
  forwardedBytes: number;
  /** Dropped by `loss`, `handshakeLoss`, `dropDatagrams`, or the `mutate` hook. */
  lost: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
  /** Dropped because the queue of a rate-limited link was full. */
  queueDropped: number;
  /** Dropped because bigger than `mtu`. */
  oversized: number;
  blackholed: number;
  injected: number;
}

export interface ProxyCounters {
  readonly up: LinkCounters;
  readonly down: LinkCounters;
  /** Clients that have a flow now. */
  readonly clients: number;
  readonly rebinds: number;
  /** Errors of the sockets, such as ECONNREFUSED after an ICMP message from a closed port. */
  readonly socketErrors: number;
}

export interface ProxyTarget {
  /** IP literal, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ProxyOptions {
  /** Where datagrams of clients go. */
  readonly target: ProxyTarget;
  /** IP literal to listen on; default: the loopback address of the target's family. */
  readonly listenHost?: string;
  /** Default 0: the kernel chooses. */
  readonly listenPort?: number;
  /** Seed of both directions' fates. */
  readonly seed: number;
  readonly up?: Partial<Impairment>;
  readonly down?: Partial<Impairment>;
  /** A client's upstream socket is closed after this long without a datagram. Default 120,000. */
  readonly clientIdleMs?: number;
}

/** Where clients send to. */
export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
}
