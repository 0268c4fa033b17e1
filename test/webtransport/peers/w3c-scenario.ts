/**
 * The scenarios of the peers' clients, by the W3C API alone: the same module runs in Node with our class and in browsers with theirs.
 * It imports nothing but types, since a page loads it as it is.
 */
import type { WebTransportStep } from '../../support/webtransport-peers.js';

/** Bodies repeat 0 to 250: 251 is prime, so that a shifted block shows. */
const PERIOD = 251;
const PIECE_BYTES = 65_536;
/** A datagram that was not answered in this time is sent again: they may be lost even on the loopback interface. */
const DATAGRAM_PATIENCE_MS = 500;

export interface StreamPair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** What the scenarios need of a session. */
export interface ScenarioSession {
  readonly ready: Promise<unknown>;
  readonly closed: Promise<{ readonly closeCode?: number; readonly reason?: string }>;
  readonly protocol?: string;
  readonly incomingBidirectionalStreams: ReadableStream<StreamPair>;
  readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
  readonly datagrams: {
    readonly readable: ReadableStream<Uint8Array>;
    /** Where it is missing, `writable` is the one that browsers have had before. */
    createWritable?(): WritableStream<Uint8Array>;
    readonly writable?: WritableStream<Uint8Array>;
  };
  createBidirectionalStream(options?: { readonly waitUntilAvailable?: boolean }): Promise<StreamPair>;
  createUnidirectionalStream(options?: { readonly waitUntilAvailable?: boolean }): Promise<WritableStream<Uint8Array>>;
  close(info?: { readonly closeCode?: number; readonly reason?: string }): void;
}

/** The interface of that name, of a module or of a page. */
export type ErrorConstructor = new (message: string, options: { readonly streamErrorCode: number }) => Error;

/** What a stream brought. */
export interface Digest {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

export interface ScenarioOutcome {
  /** Of a session that could not be established; the steps have not been tried. */
  readonly error?: { readonly name: string; readonly message: string; readonly source?: string };
  readonly protocol?: string;
  /** One for each step. */
  readonly results: readonly unknown[];
}

/** Carries out steps on a session that was just asked for, and closes it. @throws the error of a step */
export async function runScenario(
  session: ScenarioSession,
  WebTransportError: ErrorConstructor,
  steps: readonly WebTransportStep[],
): Promise<ScenarioOutcome> {
  // It rejects together with `ready`, and is looked at in one step only.
  session.closed.catch(() => undefined);
  try {
    await session.ready;
  } catch (error) {
    const { name, message, source } = error as Error & { source?: string };
    return { error: { name, message, ...(source === undefined ? {} : { source }) }, results: [] };
  }
  const results: unknown[] = [];
  for (const step of steps) results.push(await carryOut(session, WebTransportError, step));
  session.close();
  return { ...(session.protocol === undefined ? {} : { protocol: session.protocol }), results };
}

async function carryOut(
  session: ScenarioSession,
  WebTransportError: ErrorConstructor,
  step: WebTransportStep,
): Promise<unknown> {
  switch (step.do) {
    case 'bidi': {
      const { readable, writable } = await session.createBidirectionalStream();
      const [digest] = await Promise.all([digestOf(readable), sendPattern(writable, step.bytes)]);
      return digest;
    }
    case 'uni': {
      const writable = await session.createUnidirectionalStream();
      const [digest] = await Promise.all([incomingDigest(session), sendPattern(writable, step.bytes)]);
      return digest;
    }
    case 'datagrams':
      return exchangeDatagrams(session, step);
    case 'refused':
      return awaitRefusal(await session.createBidirectionalStream());
    case 'refuse': {
      const begun = await beginStream(session);
      const reason = errorWithCode(WebTransportError, step.code);
      await Promise.all([begun.writer.abort(reason), begun.reader.cancel(reason)]);
      return incomingDigest(session);
    }
    case 'pushed':
      return receivePushed(session);
    case 'opened':
      return receiveOpened(session, step.count);
    case 'many':
      return echoMany(session, step);
    case 'close':
      session.close({ closeCode: step.code, reason: step.reason });
      return {};
    case 'closed': {
      const { closeCode, reason } = await session.closed;
      return { code: closeCode, reason };
    }
  }
}

async function sendPattern(writable: WritableStream<Uint8Array>, length: number): Promise<void> {
  const period = Uint8Array.from({ length: PIECE_BYTES + PERIOD }, (_, index) => index % PERIOD);
  const writer = writable.getWriter();
  for (let offset = 0; offset < length; offset += PIECE_BYTES) {
    await writer.ready;
    const first = offset % PERIOD;
    // A piece of its own: a page's implementation may take the buffer away.
    await writer.write(period.slice(first, first + Math.min(PIECE_BYTES, length - offset)));
  }
  await writer.close();
}

/** Reads to the end. */
export async function digestOf(readable: ReadableStream<Uint8Array>): Promise<Digest> {
  const reader = readable.getReader();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    if (value === undefined) continue;
    pieces.push(value);
    bytes += value.byteLength;
  }
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  return { bytes, sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('') };
}

/** Takes the next one, and leaves the rest to others. */
async function nextOf<T>(incoming: ReadableStream<T>): Promise<T> {
  const reader = incoming.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (value === undefined) throw new Error('the session has ended');
  return value;
}

async function incomingDigest(session: ScenarioSession): Promise<Digest> {
  return digestOf(await nextOf(session.incomingUnidirectionalStreams));
}

async function exchangeDatagrams(
  { datagrams }: ScenarioSession,
  { count, bytes }: { readonly count: number; readonly bytes: number },
): Promise<unknown> {
  const writable = datagrams.createWritable?.() ?? datagrams.writable;
  if (writable === undefined) throw new Error('there is no way to send datagrams');
  const writer = writable.getWriter();
  const reader = datagrams.readable.getReader();
  let answer = reader.read();
  for (let index = 0; index < count; index++) {
    const data = Uint8Array.from({ length: bytes }, (_, at) => (index + at) % PERIOD);
    for (let isAnswered = false; !isAnswered; ) {
      await writer.write(data);
      const arrived = await Promise.race([answer, pause(DATAGRAM_PATIENCE_MS)]);
      if (arrived === undefined) continue;
      if (arrived.done) throw new Error('the session has ended');
      isAnswered = String(arrived.value) === String(data);
      // No read stays behind: the next step has the lock.
      if (!isAnswered || index + 1 < count) answer = reader.read();
    }
  }
  reader.releaseLock();
  writer.releaseLock();
  return { echoed: count };
}

/**
 * Waits until the peer refuses both directions. It writes only once: a page's write that meets the refusal on its way may fail
 * without the code.
 */
async function awaitRefusal({ readable, writable }: StreamPair): Promise<unknown> {
  const writer = writable.getWriter();
  const stop = codeOf(writer.closed);
  const reset = codeOf(digestOf(readable));
  await writer.write(new Uint8Array(1));
  return { stop: await stop, reset: await reset };
}

/** A code that the peer has ended a direction with; null if it has ended without. */
async function codeOf(work: Promise<unknown>): Promise<number | null> {
  try {
    await work;
    return null;
  } catch (error) {
    const { streamErrorCode } = error as { streamErrorCode?: number | null };
    if (streamErrorCode === undefined) throw error;
    return streamErrorCode;
  }
}

/** A stream whose other side has begun to answer. */
async function beginStream(session: ScenarioSession): Promise<{
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
}> {
  const { readable, writable } = await session.createBidirectionalStream();
  const writer = writable.getWriter();
  const reader = readable.getReader();
  writer.closed.catch(() => undefined);
  await writer.write(new TextEncoder().encode('begun'));
  await reader.read();
  return { writer, reader };
}

async function receivePushed(session: ScenarioSession): Promise<unknown> {
  const { readable, writable } = await nextOf(session.incomingBidirectionalStreams);
  const bidi = await digestOf(readable);
  await sendPattern(writable, bidi.bytes);
  const uni = await incomingDigest(session);
  const nextDatagram = async () => new TextDecoder().decode(await nextOf(session.datagrams.readable));
  const datagram = await nextDatagram();
  // The late ones show that the server has had the answer.
  for (let last = datagram; last !== 'late'; ) last = await nextDatagram();
  return { bidi, uni, datagram };
}

/** Takes so many streams of each kind, and sends back what comes on bidirectional ones. @returns each different one once */
async function receiveOpened(session: ScenarioSession, count: number): Promise<unknown> {
  const taken: Promise<Digest>[] = [];
  for (let index = 0; index < count; index++) {
    taken.push(digestOf(await nextOf(session.incomingUnidirectionalStreams)));
    const { readable, writable } = await nextOf(session.incomingBidirectionalStreams);
    const [read, returned] = readable.tee();
    taken.push(Promise.all([digestOf(read), returned.pipeTo(writable)]).then(([digest]) => digest));
  }
  return distinct(await Promise.all(taken));
}

/** Sends so many streams of each kind at once. @returns each different one of those that come back once */
async function echoMany(
  session: ScenarioSession,
  { count, bytes }: { readonly count: number; readonly bytes: number },
): Promise<unknown> {
  const wait = { waitUntilAvailable: true };
  const bidirectional = async (): Promise<Digest> => {
    const { readable, writable } = await session.createBidirectionalStream(wait);
    const [digest] = await Promise.all([digestOf(readable), sendPattern(writable, bytes)]);
    return digest;
  };
  const unidirectional = async (): Promise<void> => sendPattern(await session.createUnidirectionalStream(wait), bytes);
  const sent = Array.from({ length: count }, () => [bidirectional(), unidirectional()] as const);
  const taken: Promise<Digest>[] = [];
  for (let index = 0; index < count; index++) taken.push(digestOf(await nextOf(session.incomingUnidirectionalStreams)));
  await Promise.all(sent.map(([, unidirectionalSent]) => unidirectionalSent));
  return distinct(await Promise.all([...taken, ...sent.map(([echoed]) => echoed)]));
}

function distinct(digests: readonly Digest[]): unknown {
  const kinds = new Map(digests.map((digest) => [`${digest.bytes} ${digest.sha256}`, digest]));
  return { streams: digests.length, kinds: [...kinds.values()] };
}

/** The message has not always been an argument of its own. */
function errorWithCode(WebTransportError: ErrorConstructor, code: number): Error {
  try {
    return new WebTransportError('refused', { streamErrorCode: code });
  } catch {
    const Former = WebTransportError as unknown as new (init: object) => Error;
    return new Former({ message: 'refused', streamErrorCode: code });
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined));
}
