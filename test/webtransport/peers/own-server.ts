import { once } from 'node:events';
import { createSecureServer, type ServerOptions, type WebTransportRequest } from '../../../src/server/index.js';
import { WebTransportError } from '../../../src/webtransport.js';
import type { TestIdentity } from '../../support/client.js';
import { patternBytes } from '../../support/pattern.js';
import {
  type EventName,
  type EventOf,
  WebTransportEvents,
  type WebTransportPeerEvent,
} from '../../support/webtransport-events.js';
import { digestOf, type ScenarioSession, type StreamPair } from './w3c-scenario.js';

type Report = (event: WebTransportPeerEvent) => void;

/** A session and what its path asks for. */
interface Served {
  readonly session: ScenarioSession;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly report: Report;
}

/** What each path does with a session besides reporting it. */
const ROUTES: Readonly<Record<string, (served: Served) => Promise<unknown>>> = {
  '/echo': echoAll,
  '/held': echoAll,
  '/report': (served) => eachStream(served.session, reportEnds(served), async () => undefined),
  '/reset': (served) => eachStream(served.session, refuse(served), async () => undefined),
  '/stop': (served) => eachStream(served.session, refuse(served), async () => undefined),
  '/close': async ({ session, query }) =>
    session.close({ closeCode: Number(query.get('code')), reason: query.get('reason') ?? '' }),
  '/push': push,
  '/open': open,
};

/** Our server doing with each session what its path says, as the peers' servers do; `README.md` has the paths. */
export class OwnServer {
  readonly #server: ReturnType<typeof createSecureServer>;
  readonly #events = new WebTransportEvents();
  readonly #failures: unknown[] = [];
  readonly #held: WebTransportRequest[] = [];

  private constructor({ certificate }: Pick<TestIdentity, 'certificate'>, options: ServerOptions) {
    this.#server = createSecureServer({
      key: certificate.keyPem,
      cert: certificate.certPem,
      webTransport: true,
      ...options,
    });
    this.#server.on('webtransport', (request: WebTransportRequest) => {
      if (request.path === '/held') this.#held.push(request);
      else this.#answer(request);
    });
    this.#server.on('stream', (stream, headers) => {
      if (headers[':path'] === '/release') for (const request of this.#held.splice(0)) this.#answer(request);
      stream.respond();
      // A client that breaks its connection breaks its requests as well.
      stream.on('error', () => undefined);
      stream.pipe(stream);
    });
  }

  static async start(identity: Pick<TestIdentity, 'certificate'>, options: ServerOptions = {}): Promise<OwnServer> {
    const own = new OwnServer(identity, options);
    await new Promise<void>((resolve, reject) => {
      own.#server.once('error', reject);
      own.#server.listen({ port: 0, host: '127.0.0.1' }, resolve);
    });
    return own;
  }

  /** Such as `https://127.0.0.1:4433`. */
  get origin(): string {
    return `https://127.0.0.1:${this.#server.address()?.port}`;
  }

  get port(): number {
    return this.#server.address()?.port ?? 0;
  }

  /** What it has reported of a kind so far. */
  events<Name extends EventName>(name: Name): EventOf<Name>[] {
    return this.#events.of(name);
  }

  /** Waits until it has reported so many events of a kind. @throws Error if it does not */
  reported<Name extends EventName>(name: Name, count = 1): Promise<EventOf<Name>[]> {
    return this.#events.reported(name, count);
  }

  /** @throws what a session's handling has failed with, besides the ends of sessions and streams */
  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    // Clients may have vanished, or keep their connections for later: no end of theirs is waited for.
    this.#server.destroy();
    await closed;
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  #answer(request: WebTransportRequest): void {
    const { pathname: path, searchParams: query } = new URL(request.path, 'https://localhost');
    const report: Report = (event) => this.#events.add(event);
    report({ event: 'request', path, protocol: String(request.headers[':protocol']) });
    const route = ROUTES[path];
    if (route === undefined) {
      request.reject(Number(query.get('status') ?? 404));
      return;
    }
    const [protocol] = request.protocols;
    const datagramsReadableType = query.get('datagrams') === 'bytes' ? 'bytes' : 'default';
    const session = request.accept({ datagramsReadableType, ...(protocol === undefined ? {} : { protocol }) });
    report({ event: 'session', path, ...(protocol === undefined ? {} : { protocol }) });
    session.closed.then(
      ({ closeCode = 0, reason = '' }) =>
        report({ event: 'closed', closure: { code: closeCode, reason, remote: path !== '/close' } }),
      () => report({ event: 'closed', closure: { code: null, reason: '', remote: true } }),
    );
    untilEnd(route({ session, path, query, report })).catch((error: unknown) => this.#failures.push(error));
  }
}

/** The ends of sessions and streams are no failures: they are told of elsewhere. */
async function untilEnd(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof WebTransportError)) throw error;
  }
}

/** Does something with every stream that comes, with all of them at once. */
async function eachStream(
  session: ScenarioSession,
  bidirectional: (stream: StreamPair) => Promise<unknown>,
  unidirectional: (stream: ReadableStream<Uint8Array>) => Promise<unknown>,
): Promise<void> {
  const work: Promise<unknown>[] = [];
  const take = async <Stream>(streams: ReadableStream<Stream>, handle: (stream: Stream) => Promise<unknown>) => {
    for await (const stream of streams) work.push(untilEnd(handle(stream)));
  };
  await Promise.all([
    untilEnd(take(session.incomingBidirectionalStreams, bidirectional)),
    untilEnd(take(session.incomingUnidirectionalStreams, unidirectional)),
  ]);
  await Promise.all(work);
}

const echo = ({ readable, writable }: StreamPair) => readable.pipeTo(writable);

const echoBack = (session: ScenarioSession) => async (readable: ReadableStream<Uint8Array>) =>
  readable.pipeTo(await session.createUnidirectionalStream({ waitUntilAvailable: true }));

async function echoAll({ session }: Served): Promise<void> {
  await Promise.all([eachStream(session, echo, echoBack(session)), echoDatagrams(session)]);
}

async function echoDatagrams({ datagrams }: ScenarioSession): Promise<void> {
  const writable = datagrams.createWritable?.();
  if (writable !== undefined) await datagrams.readable.pipeTo(writable);
}

/** Tells how the client ends each direction of a stream, and shows it by another one that both have been seen. */
const reportEnds =
  ({ session, report }: Served) =>
  async ({ readable, writable }: StreamPair): Promise<void> => {
    const writer = writable.getWriter();
    const ends = [
      digestOf(readable).then(
        (digest) => report({ event: 'received', ...digest }),
        (error: unknown) => report({ event: 'reset', code: codeOf(error) }),
      ),
      writer.closed.catch((error: unknown) => report({ event: 'stop', code: codeOf(error) })),
    ];
    // Shows the client that its stream is known.
    await writer.write(new Uint8Array(1));
    await Promise.all(ends);
    await (await session.createUnidirectionalStream()).close();
  };

/** Ends a stream by the code: both directions, or (`/stop`) only what comes in. */
const refuse =
  ({ path, query }: Served) =>
  async ({ readable, writable }: StreamPair): Promise<void> => {
    const reason = new WebTransportError('refused', { streamErrorCode: Number(query.get('code')) });
    const reader = readable.getReader();
    await reader.read();
    await Promise.all([path === '/reset' ? writable.abort(reason) : writable.close(), reader.cancel(reason)]);
  };

/** Opens a stream of either kind and sends datagrams without being asked, and more of them when the stream has been answered. */
async function push({ session, query, report }: Served): Promise<void> {
  const bytes = patternBytes(Number(query.get('bytes')));
  const datagrams = session.datagrams.createWritable?.().getWriter();
  const sendDatagrams = (text: string) =>
    Promise.all([1, 2, 3].map(() => datagrams?.write(new TextEncoder().encode(text))));
  await sendDatagrams('early');
  const uni = (await session.createUnidirectionalStream()).getWriter();
  await uni.write(bytes);
  await uni.close();
  const { readable, writable } = await session.createBidirectionalStream();
  const bidi = writable.getWriter();
  await bidi.write(bytes);
  await bidi.close();
  report({ event: 'received', ...(await digestOf(readable)) });
  await sendDatagrams('late');
}

/**
 * Opens `count` streams of each kind at once with `bytes` on them, reports what comes back on the bidirectional ones, and closes
 * the session then.
 */
async function open({ session, query, report }: Served): Promise<void> {
  const bytes = patternBytes(Number(query.get('bytes')));
  const fill = async (writable: WritableStream<Uint8Array>) => {
    const writer = writable.getWriter();
    await writer.write(bytes);
    await writer.close();
  };
  const wait = { waitUntilAvailable: true };
  const openBidirectional = async () => {
    const { readable, writable } = await session.createBidirectionalStream(wait);
    await fill(writable);
    report({ event: 'received', ...(await digestOf(readable)) });
  };
  const openUnidirectional = async () => fill(await session.createUnidirectionalStream(wait));
  const count = Number(query.get('count'));
  await Promise.all(Array.from({ length: count }, () => Promise.all([openBidirectional(), openUnidirectional()])));
  session.close();
}

function codeOf(error: unknown): number | null {
  return error instanceof WebTransportError ? error.streamErrorCode : null;
}
