/** The native classes of a client and a server, connected to each other and driven in turns: no sessions, no sockets' events. */
import { onTestFinished } from 'vitest';
import {
  EventKind,
  Http3State,
  loadAddon,
  type NeqoHttp3Conn,
  type NeqoHttp3ConnParams,
  Status,
} from '../../../src/native.js';
import {
  loadServerAddon,
  type NeqoHttp3Server,
  type NeqoHttp3ServerParams,
  ServerEventKind,
} from '../../../src/native-server.js';
import { NeqoEventReader } from '../../../src/session/neqo-events.js';
import { ServerEventReader } from '../../../src/session/server-events.js';
import { makeCert } from '../../support/certs.js';
import { bindServerSocket, openCredential, serverArrays, serverParams } from '../raw-server.js';

const MAX_DATAGRAMS = 1000;
const STATE_MASK = 0xff;
/** Between two turns in which nothing moved: acknowledgements may be held back (RFC 9000 13.2.1). */
const PAUSE_MS = 1;

const certificate = await makeCert({ hosts: ['localhost'], ips: ['127.0.0.1'] });

/** An event, copied. `text` is the payload as Latin-1; `headers` only of messages. */
export interface Seen {
  readonly kind: string;
  readonly streamId: number;
  readonly number: number;
  readonly flags: number;
  readonly text: string;
  readonly headers: readonly string[];
}

const CLIENT_KINDS = names(EventKind);
const SERVER_KINDS = names(ServerEventKind);
const WITH_HEADERS: ReadonlySet<string> = new Set(['HEADER_READY', 'REQUEST', 'TRAILERS']);

function names(kinds: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(kinds).map(([name, kind]) => [kind, name]));
}

function copied(event: NeqoEventReader, kinds: ReadonlyMap<number, string>): Seen {
  const kind = kinds.get(event.kind) ?? `kind ${event.kind}`;
  const headers = WITH_HEADERS.has(kind) ? event.headers() : [];
  const text = WITH_HEADERS.has(kind) ? '' : event.bytes().toString('latin1');
  return { kind, streamId: event.streamId, number: event.number, flags: event.flags, text, headers };
}

/** One end: what both have in common, so that a test can be written for either. */
export interface End {
  readonly name: string;
  /** All events, oldest first. */
  readonly seen: Seen[];
  open(session: number, bidirectional: boolean): number;
  /** Returns the bytes taken; with `fin`, ends the stream after all of it. */
  send(stream: number, data: string, fin: boolean): number;
  /** What can be read now. */
  read(stream: number): { readonly text: string; readonly fin: boolean; readonly result: number };
  reset(stream: number, code: number): number;
  stop(stream: number, code: number): number;
  datagram(session: number, data: Uint8Array): number;
  maxDatagram(session: number): number;
  /** Sends what there is to send, without looking at what came. */
  flush(): void;
  /** Of that kind, and of that stream if one is given. */
  of(kind: string, stream?: number): Seen[];
}

export interface Pair {
  readonly conn: NeqoHttp3Conn;
  readonly engine: NeqoHttp3Server;
  readonly client: End;
  readonly server: End;
  /** The server's handle of the connection. */
  readonly handle: () => number;
  /** One turn of both ends; whether anything moved. */
  turn(): boolean;
  /** Turns until the condition holds. */
  until(condition: () => boolean): Promise<void>;
  /** Turns until nothing moves any more. */
  settle(): void;
}

function clientParams(fd: number, localPort: number, remotePort: number): NeqoHttp3ConnParams {
  return {
    fd,
    serverName: 'localhost',
    alpn: ['h3'],
    localAddress: '127.0.0.1',
    localPort,
    remoteAddress: '127.0.0.1',
    remotePort,
    maxTableSize: 4096,
    maxBlockedStreams: 16,
    maxData: 1 << 24,
    maxStreamData: 1 << 20,
    maxStreamsBidi: 100,
    maxStreamsUni: 100,
    idleTimeoutMs: 30_000,
    congestionControl: 'cubic',
    pacing: false,
    pmtud: false,
    grease: true,
    sniSlicing: false,
    mlkem: false,
    versionNegotiation: false,
    ...WEBTRANSPORT,
    ackRatio: 100,
    fastPto: 100,
    qlogDir: '',
    receiveBufferSize: 0,
    sendBufferSize: 0,
  };
}

const WEBTRANSPORT = {
  webtransport: true,
  settings: [0x33, 1, 0x2c7cf000, 1],
  resetStreamAt: true,
  datagramSize: 65_535,
  outgoingDatagramQueue: 8,
  incomingDatagramQueue: 100,
};

/** A client and a server, both with WebTransport, that have shaken hands and have seen each other's SETTINGS. */
export async function connectedPair(
  client: Partial<NeqoHttp3ConnParams> = {},
  server: Partial<NeqoHttp3ServerParams> = {},
): Promise<Pair> {
  const pair = openPair(client, server);
  await pair.until(() => pair.client.of('STATE_CHANGE').some(({ flags }) => flags === Http3State.CONNECTED));
  await pair.until(() => pair.server.of('STATE_CHANGE').some(({ flags }) => flags === Http3State.CONNECTED));
  pair.settle();
  return pair;
}

/** As {@link connectedPair}, before the handshake. All is destroyed when the test ends. */
export function openPair(
  clientOptions: Partial<NeqoHttp3ConnParams> = {},
  serverOptions: Partial<NeqoHttp3ServerParams> = {},
): Pair {
  const serverPoll = bindServerSocket();
  onTestFinished(() => serverPoll.close());
  const { NeqoHttp3Server: Engine } = loadServerAddon();
  const arrays = serverArrays();
  const params = { ...serverParams(serverPoll), ...WEBTRANSPORT, pacing: false, maxStreamsUni: 100, ...serverOptions };
  const engine = new Engine(params, arrays.status, arrays.events);
  onTestFinished(() => engine.destroy());
  engine.setCredential('', openCredential(certificate));

  const { UdpPoll, NeqoHttp3Conn: Conn } = loadAddon();
  const poll = new UdpPoll(
    { localAddress: '127.0.0.1', localPort: 0, remoteAddress: '127.0.0.1', remotePort: serverPoll.localPort },
    () => undefined,
  );
  poll.unref();
  onTestFinished(() => poll.close());
  const status = new Float64Array(Status.LENGTH);
  const connParams = { ...clientParams(poll.fd, poll.localPort, serverPoll.localPort), ...clientOptions };
  const conn = new Conn(connParams, status, new Uint8Array(1 << 16));
  onTestFinished(() => conn.destroy());
  return new NativePair(conn, status, engine, arrays.status);
}

class NativePair implements Pair {
  readonly conn: NeqoHttp3Conn;
  readonly engine: NeqoHttp3Server;
  readonly client: ClientEnd;
  readonly server: ServerEnd;
  readonly #status: Float64Array;
  readonly #serverStatus: Float64Array;
  readonly #reader = new NeqoEventReader();
  readonly #serverReader = new ServerEventReader();

  constructor(conn: NeqoHttp3Conn, status: Float64Array, engine: NeqoHttp3Server, serverStatus: Float64Array) {
    this.conn = conn;
    this.engine = engine;
    this.#status = status;
    this.#serverStatus = serverStatus;
    this.client = new ClientEnd(conn, status);
    this.server = new ServerEnd(engine, serverStatus);
  }

  readonly handle = (): number => this.server.handle;

  turn(): boolean {
    this.conn.processInput(MAX_DATAGRAMS);
    this.#clientEvents();
    this.conn.processOutput(MAX_DATAGRAMS);
    this.#clientEvents();
    let moved = (this.#status[Status.DATAGRAMS_IN] ?? 0) + (this.#status[Status.DATAGRAMS_OUT] ?? 0);
    this.engine.processInput(MAX_DATAGRAMS);
    this.#serverEvents();
    this.engine.processOutput(MAX_DATAGRAMS);
    this.#serverEvents();
    moved += (this.#serverStatus[Status.DATAGRAMS_IN] ?? 0) + (this.#serverStatus[Status.DATAGRAMS_OUT] ?? 0);
    return moved > 0;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (!this.turn()) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  settle(): void {
    while (this.turn());
  }

  #clientEvents(): void {
    for (let bytes = this.conn.nextEvents(); bytes > 0; bytes = this.conn.nextEvents()) {
      this.#reader.reset(this.conn.eventBuffer(), bytes);
      while (this.#reader.advance()) {
        const seen = copied(this.#reader, CLIENT_KINDS);
        this.client.seen.push(seen);
        // The certificate is not what is tested.
        if (seen.kind === 'AUTHENTICATION_NEEDED') this.conn.authenticated(0);
      }
    }
  }

  #serverEvents(): void {
    for (let bytes = this.engine.nextEvents(); bytes > 0; bytes = this.engine.nextEvents()) {
      this.#serverReader.reset(this.engine.eventBuffer(), bytes);
      while (this.#serverReader.advance()) {
        this.server.handle = this.#serverReader.handle;
        this.server.seen.push(copied(this.#serverReader, SERVER_KINDS));
      }
    }
  }
}

abstract class NativeEnd {
  readonly seen: Seen[] = [];
  protected readonly buffer = Buffer.alloc(1 << 16);

  of(kind: string, stream?: number): Seen[] {
    return this.seen.filter((event) => event.kind === kind && (stream === undefined || event.streamId === stream));
  }

  protected readWith(read: (into: Buffer) => number, status: Float64Array): ReturnType<End['read']> {
    let text = '';
    for (;;) {
      status[Status.FIN] = 0;
      const result = read(this.buffer);
      if (result > 0) text += this.buffer.toString('latin1', 0, result);
      const fin = result >= 0 && status[Status.FIN] === 1;
      if (result <= 0 || fin) return { text, fin, result };
    }
  }
}

class ClientEnd extends NativeEnd implements End {
  readonly name = 'client';
  readonly #conn: NeqoHttp3Conn;
  readonly #status: Float64Array;

  constructor(conn: NeqoHttp3Conn, status: Float64Array) {
    super();
    this.#conn = conn;
    this.#status = status;
  }

  open(session: number, bidirectional: boolean): number {
    return this.#conn.openStream(session, bidirectional);
  }

  send(stream: number, data: string, fin: boolean): number {
    const bytes = Buffer.from(data, 'latin1');
    const taken = this.#conn.sendRequestBody(stream, bytes, 0, bytes.length);
    return fin && taken === bytes.length ? taken + this.#conn.closeStream(stream) : taken;
  }

  read(stream: number): ReturnType<End['read']> {
    return this.readWith((into) => this.#conn.readResponseData(stream, into, 0, into.length), this.#status);
  }

  reset(stream: number, code: number): number {
    return this.#conn.resetStream(stream, code);
  }

  stop(stream: number, code: number): number {
    return this.#conn.streamStopSending(stream, code);
  }

  datagram(session: number, data: Uint8Array): number {
    return this.#conn.sendDatagram(session, data);
  }

  maxDatagram(session: number): number {
    return this.#conn.maxDatagramSize(session);
  }

  flush(): void {
    this.#conn.processOutput(MAX_DATAGRAMS);
  }
}

class ServerEnd extends NativeEnd implements End {
  readonly name = 'server';
  handle = -1;
  readonly #engine: NeqoHttp3Server;
  readonly #status: Float64Array;

  constructor(engine: NeqoHttp3Server, status: Float64Array) {
    super();
    this.#engine = engine;
    this.#status = status;
  }

  /** What a state change says, without the reason. */
  override of(kind: string, stream?: number): Seen[] {
    const seen = super.of(kind, stream);
    return kind === 'STATE_CHANGE' ? seen.map((event) => ({ ...event, flags: event.flags & STATE_MASK })) : seen;
  }

  open(session: number, bidirectional: boolean): number {
    return this.#engine.openStream(this.handle, session, bidirectional);
  }

  send(stream: number, data: string, fin: boolean): number {
    const bytes = Buffer.from(data, 'latin1');
    return this.#engine.sendData(this.handle, stream, bytes, 0, bytes.length, fin);
  }

  read(stream: number): ReturnType<End['read']> {
    return this.readWith((into) => this.#engine.readData(this.handle, stream, into, 0, into.length), this.#status);
  }

  reset(stream: number, code: number): number {
    return this.#engine.resetStream(this.handle, stream, code);
  }

  stop(stream: number, code: number): number {
    return this.#engine.stopSending(this.handle, stream, code);
  }

  datagram(session: number, data: Uint8Array): number {
    return this.#engine.sendDatagram(this.handle, session, data);
  }

  maxDatagram(session: number): number {
    return this.#engine.maxDatagramSize(this.handle, session);
  }

  flush(): void {
    this.#engine.processOutput(MAX_DATAGRAMS);
  }
}
