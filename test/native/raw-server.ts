/** The native classes of a server, used as they are: no driver, no sessions. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { Status, type UdpPoll } from '../../src/native.js';
import {
  loadServerAddon,
  type NeqoHttp3Server,
  type NeqoHttp3ServerParams,
  RetryPolicy,
  type ServerCredential,
} from '../../src/native-server.js';
import { ServerEventReader } from '../../src/session/server-events.js';
import type { IssuedCertificate } from '../support/certs.js';

const MEBIBYTE = 1024 * 1024;
const EVENT_BUFFER_BYTES = 64 * 1024;
const READABLE = 1;
const MAX_DATAGRAMS = 1000;
/** QUIC-LB: configuration 0, length - 1, and a server id of two bytes. */
const CONNECTION_ID_PREFIX = Uint8Array.of(11, 1, 2);
const CONNECTION_ID_LENGTH = 12;

/** A UDP socket on 127.0.0.1 that nobody reads. The caller closes it. */
export function bindServerSocket(onReady: (events: number, status: number) => void = () => undefined): UdpPoll {
  const { UdpPoll: Poll } = loadServerAddon();
  const poll = new Poll({ localAddress: '127.0.0.1', localPort: 0, ipv6Only: false, reusePort: false }, onReady);
  poll.unref();
  return poll;
}

/** Parameters that work. */
export function serverParams(poll: UdpPoll): NeqoHttp3ServerParams {
  return {
    fd: poll.fd,
    localAddress: poll.localAddress,
    localPort: poll.localPort,
    connectionIdPrefix: CONNECTION_ID_PREFIX,
    connectionIdLength: CONNECTION_ID_LENGTH,
    maxConnections: 100,
    maxQueuedConnections: 10,
    queueTimeoutMs: 1000,
    maxPendingHandshakes: 50,
    handshakeTimeoutMs: 10_000,
    retryPolicy: RetryPolicy.NEVER,
    retryOnAbove: 40,
    retryOffBelow: 20,
    statelessResetKey: randomBytes(32),
    askServerName: false,
    zeroRttWindowMs: 0,
    sessionTickets: true,
    maxTableSize: 4096,
    maxBlockedStreams: 16,
    maxFieldSectionSize: 65_536,
    maxData: 16 * MEBIBYTE,
    maxStreamData: MEBIBYTE,
    maxStreamsBidi: 100,
    maxStreamsUni: 16,
    idleTimeoutMs: 30_000,
    congestionControl: 'cubic',
    pacing: true,
    pmtud: false,
    grease: true,
    mlkem: true,
    versionNegotiation: false,
    webtransport: false,
    settings: [],
    resetStreamAt: false,
    datagramSize: 0,
    outgoingDatagramQueue: 10,
    incomingDatagramQueue: 10,
    ackRatio: 100,
    fastPto: 100,
    qlogDir: '',
    receiveBufferSize: 0,
    sendBufferSize: 0,
  };
}

/** The native arrays of a server. */
export function serverArrays(): { readonly status: Float64Array; readonly events: Uint8Array } {
  return { status: new Float64Array(Status.LENGTH), events: new Uint8Array(EVENT_BUFFER_BYTES) };
}

/** An engine without anything that drives it. It and its socket are destroyed when the test ends. */
export function openEngine(params: Partial<NeqoHttp3ServerParams> = {}): NeqoHttp3Server {
  const poll = bindServerSocket();
  const { NeqoHttp3Server: Engine } = loadServerAddon();
  const { status, events } = serverArrays();
  onTestFinished(() => poll.close());
  const engine = new Engine({ ...serverParams(poll), ...params }, status, events);
  onTestFinished(() => engine.destroy());
  return engine;
}

/** The native credential of a certificate. It is destroyed when the test ends. */
export function openCredential(certificate: Pick<IssuedCertificate, 'der' | 'key'>): ServerCredential {
  const { ServerCredential: Credential } = loadServerAddon();
  const credential = new Credential([certificate.der], certificate.key.export({ type: 'pkcs8', format: 'der' }));
  onTestFinished(() => credential.destroy());
  return credential;
}

/** An engine that runs by itself: it reads when datagrams arrive, and sends when it wants to. */
export class RawServer {
  readonly engine: NeqoHttp3Server;
  readonly status: Float64Array;
  readonly #poll: UdpPoll;
  readonly #reader = new ServerEventReader();
  readonly #onEvent: (event: ServerEventReader) => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param onEvent called for each event; what it makes the engine do is sent in the same turn */
  constructor(
    credential: ServerCredential,
    onEvent: (event: ServerEventReader) => void,
    params: Partial<NeqoHttp3ServerParams> = {},
  ) {
    this.#onEvent = onEvent;
    this.#poll = bindServerSocket(() => this.#turn());
    const { NeqoHttp3Server: Engine } = loadServerAddon();
    const { status, events } = serverArrays();
    this.status = status;
    this.engine = new Engine({ ...serverParams(this.#poll), ...params }, status, events);
    this.engine.setCredential('', credential);
    this.#poll.poll(READABLE);
  }

  get origin(): string {
    return `https://127.0.0.1:${this.#poll.localPort}`;
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.engine.destroy();
    this.#poll.close();
  }

  #turn(): void {
    if (this.#closed) return;
    this.engine.processInput(MAX_DATAGRAMS);
    this.#dispatch();
    this.engine.processOutput(MAX_DATAGRAMS);
    const timeoutMs = this.status[Status.TIMEOUT_MS] ?? -1;
    clearTimeout(this.#timer);
    if (timeoutMs >= 0) this.#timer = setTimeout(() => this.#turn(), timeoutMs);
    this.#dispatch();
  }

  #dispatch(): void {
    for (let bytes = this.engine.nextEvents(); bytes > 0; bytes = this.engine.nextEvents()) {
      this.#reader.reset(this.engine.eventBuffer(), bytes);
      while (this.#reader.advance()) this.#onEvent(this.#reader);
    }
  }
}
