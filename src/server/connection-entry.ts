/** One QUIC connection's entry in the connection table: what is known of it, and its life from opening to closed. */
import type { Connection, ConnectionEnd, ConnectionTls } from './server-types.js';
import type { VirtualFd } from './virtual-fd.js';
import { VirtualSocket } from './virtual-socket.js';

/** Bytes of a connection. */
export interface Traffic {
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** What opens an entry. */
export interface ConnectionFacts {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** UDP payload since the beginning, bytes; undefined when the engine has forgotten the connection. */
  readonly traffic?: () => Traffic | undefined;
  /** The user destroyed `socket`: the QUIC connection is to be ended. Not called once the entry is closed. */
  readonly onSocketClosed: () => void;
}

/** The table's side of an entry. */
export interface ConnectionEntryOwner {
  /** The handshake is complete. Called at most once. */
  connected(entry: ConnectionEntry): void;
  /** The entry has ended. Called exactly once; `wasConnected` is false if the handshake was never complete. */
  closed(entry: ConnectionEntry, virtualFd: VirtualFd | undefined, wasConnected: boolean, end: ConnectionEnd): void;
  /** The net.Socket over this fd was destroyed: the number may be another's from now on. */
  fdClosed(entry: ConnectionEntry, virtualFd: VirtualFd): void;
}

export class ConnectionEntry implements Connection {
  readonly sessionId: bigint;
  readonly openTime = Date.now();
  readonly #owner: ConnectionEntryOwner;
  readonly #virtualFd: VirtualFd | undefined;
  readonly #onSocketClosed: () => void;
  readonly #traffic: (() => Traffic | undefined) | undefined;
  #state: 'opening' | 'connected' | 'closed' = 'opening';
  #remoteAddress: string;
  #remotePort: number;
  #localAddress: string;
  #localPort: number;
  #connectTime = 0;
  #closeTime = 0;
  #lastReceiveTime = 0;
  #bytesReceived = 0;
  #bytesSent = 0;
  #streams = 0;
  #openStreams = 0;
  #tls: ConnectionTls | undefined;
  #socket: VirtualSocket | undefined;

  constructor(
    sessionId: bigint,
    facts: ConnectionFacts,
    virtualFd: VirtualFd | undefined,
    owner: ConnectionEntryOwner,
  ) {
    this.sessionId = sessionId;
    this.#owner = owner;
    this.#virtualFd = virtualFd;
    this.#remoteAddress = facts.remoteAddress;
    this.#remotePort = facts.remotePort;
    this.#localAddress = facts.localAddress;
    this.#localPort = facts.localPort;
    this.#onSocketClosed = facts.onSocketClosed;
    this.#traffic = facts.traffic;
  }

  /** Reading it counts as {@link see}. After the end it only names the fd that was. */
  get fd(): number {
    this.see();
    return this.#virtualFd?.number ?? -1;
  }

  /** Made when first asked for; undefined in mode 'session', and after the end if it was never asked for. */
  get socket(): VirtualSocket | undefined {
    const virtualFd = this.#virtualFd;
    if (this.#socket !== undefined || virtualFd === undefined || this.#state === 'closed') return this.#socket;
    this.#socket = new VirtualSocket(virtualFd.number, this, () => this.#socketDestroyed(virtualFd));
    virtualFd.giveToSocket();
    return this.#socket;
  }

  get remoteAddress(): string {
    return this.#remoteAddress;
  }

  get remotePort(): number {
    return this.#remotePort;
  }

  get localAddress(): string {
    return this.#localAddress;
  }

  get localPort(): number {
    return this.#localPort;
  }

  get connectTime(): number {
    return this.#connectTime;
  }

  get closeTime(): number {
    return this.#closeTime;
  }

  get lastReceiveTime(): number {
    return this.#lastReceiveTime;
  }

  get bytesReceived(): number {
    this.#countTraffic();
    return this.#bytesReceived;
  }

  get bytesSent(): number {
    this.#countTraffic();
    return this.#bytesSent;
  }

  get streams(): number {
    return this.#streams;
  }

  get openStreams(): number {
    return this.#openStreams;
  }

  get tls(): ConnectionTls | undefined {
    return this.#tls;
  }

  /**
   * Somebody knows the fd and may wait on it: at the end the pair is hung up and held back, instead of being used again
   * at once.
   */
  see(): void {
    if (this.#state !== 'closed') this.#virtualFd?.see();
  }

  /** The handshake is complete. Only the first call counts, and none after the end. */
  connected(tls: ConnectionTls): void {
    if (this.#state !== 'opening') return;
    this.#state = 'connected';
    this.#connectTime = Date.now();
    this.#tls = tls;
    this.#owner.connected(this);
  }

  /** The handshake of a connection that was connected in 0-RTT is complete. */
  handshakeCompleted(tls: ConnectionTls): void {
    this.#tls = tls;
  }

  /** Something came from the peer. */
  received(): void {
    this.#lastReceiveTime = Date.now();
  }

  streamOpened(): void {
    this.#streams += 1;
    this.#openStreams += 1;
  }

  streamClosed(): void {
    this.#openStreams -= 1;
  }

  /** The connection goes on over another path: migration or NAT rebinding (RFC 9000 9). */
  moved(path: Omit<ConnectionFacts, 'onSocketClosed' | 'traffic'>): void {
    this.#remoteAddress = path.remoteAddress;
    this.#remotePort = path.remotePort;
    this.#localAddress = path.localAddress;
    this.#localPort = path.localPort;
  }

  /** The connection has ended, or its handshake failed. Only the first call counts. */
  closed(end: ConnectionEnd): void {
    if (this.#state === 'closed') return;
    this.#countTraffic();
    const wasConnected = this.#state === 'connected';
    this.#state = 'closed';
    this.#closeTime = Date.now();
    this.#owner.closed(this, this.#virtualFd, wasConnected, end);
  }

  /** The engine counts; it is asked when somebody wants to know. */
  #countTraffic(): void {
    const traffic = this.#state === 'closed' ? undefined : this.#traffic?.();
    if (traffic === undefined) return;
    this.#bytesReceived = traffic.bytesReceived;
    this.#bytesSent = traffic.bytesSent;
  }

  #socketDestroyed(virtualFd: VirtualFd): void {
    this.#owner.fdClosed(this, virtualFd);
    if (this.#state !== 'closed') this.#onSocketClosed();
  }
}
