/** Requests watched to their very end. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  ClientHttp3Session,
  ClientHttp3Stream,
  Http3Error,
  IncomingHeaders,
  OutgoingHeaders,
  RequestOptions,
} from '../../src/index.js';

/** How a request ended, and all that came before. */
export interface Settlement {
  /** Undefined if no final header section came. */
  readonly headers: IncomingHeaders | undefined;
  readonly rawHeaders: readonly string[];
  /** Interim (1xx) header sections. */
  readonly interim: readonly IncomingHeaders[];
  readonly trailers: IncomingHeaders | undefined;
  readonly bytes: number;
  /** Of the body, in hex. */
  readonly sha256: string;
  /** The body's first {@link KEPT_BYTES} bytes. */
  readonly body: Buffer;
  readonly error: Http3Error | undefined;
  /** ready, continue, headers, response, data (the first), trailers, end, error, close: in the order in which they came. */
  readonly events: readonly string[];
}

/** What is kept of a body; all of it counts for its size and hash. */
const KEPT_BYTES = 1024 * 1024;
/** Turns of the event loop in which a second 'error' or 'close' would show. */
const TURNS_AFTER_CLOSE = 3;

/**
 * Watches a stream until it has closed. Invariant of every request: at most one 'error', exactly one 'close', and nothing
 * after that.
 *
 * @param read false leaves the body alone; whoever reads it then decides when it ends
 * @throws Error if the stream settles more than once
 */
export async function settle(stream: ClientHttp3Stream, read = true): Promise<Settlement> {
  const events: string[] = [];
  const interim: IncomingHeaders[] = [];
  const chunks: Buffer[] = [];
  const hash = createHash('sha256');
  let bytes = 0;
  let headers: IncomingHeaders | undefined;
  let rawHeaders: readonly string[] = [];
  let trailers: IncomingHeaders | undefined;
  let failure: Http3Error | undefined;
  for (const name of ['ready', 'continue', 'headers', 'response', 'trailers', 'end', 'error', 'close']) {
    stream.on(name, () => events.push(name));
  }
  stream.on('headers', (section) => interim.push(section));
  stream.on('response', (section, flags) => {
    headers = section;
    rawHeaders = flags.rawHeaders;
  });
  stream.on('trailers', (section) => {
    trailers = section;
  });
  stream.on('error', (error) => {
    failure = error as Http3Error;
  });
  if (read) {
    stream.on('data', (chunk) => {
      if (bytes === 0) events.push('data');
      if (bytes < KEPT_BYTES) chunks.push(chunk);
      bytes += chunk.length;
      hash.update(chunk);
    });
  }
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  for (let turn = 0; turn < TURNS_AFTER_CLOSE; turn += 1) await nextTurn();
  const count = (name: string): number => events.filter((event) => event === name).length;
  if (count('error') > 1 || count('close') !== 1 || events.at(-1) !== 'close') {
    throw new Error(`the request settled more than once: ${events.join(', ')}`);
  }
  const body = Buffer.concat(chunks);
  return { headers, rawHeaders, interim, trailers, bytes, sha256: hash.digest('hex'), body, error: failure, events };
}

/** Sends a request and watches it to its end; see {@link settle}. */
export function fetchBytes(
  session: ClientHttp3Session,
  headers: OutgoingHeaders = {},
  options: RequestOptions = {},
): Promise<Settlement> {
  return settle(session.request(headers, options));
}
