import type { ClientHttp3Stream } from '../client/client-stream.js';
import type { IncomingHeaders } from '../http/incoming-headers.js';
import type { BodyInit } from '../http/request-body.js';
import type { OutgoingHeaders } from '../http/request-head.js';
import type { PooledSession } from './session-pool.js';
import type { Verbose } from './verbose.js';

/** One request with its response so far. */
export interface Exchange {
  readonly stream: ClientHttp3Stream;
  readonly status: number;
  readonly headers: IncomingHeaders;
  /** Flat: name, value, name, value …, a character for each byte. */
  readonly rawHeaders: readonly string[];
}

export interface ExchangeHooks {
  readonly signal: AbortSignal;
  readonly verbose: Verbose | undefined;
  /** The stream exists; its counters may be shown from now on. */
  onStream(stream: ClientHttp3Stream): void;
  /** A header section or trailers as text with CRLF, a character for each byte. */
  onHeaderText(text: string): void;
}

/**
 * Sends a request and waits for the final response headers. Its body is then read from the stream.
 *
 * @throws what the library throws, or ends the stream with
 */
export async function exchange(
  { session }: PooledSession,
  headers: OutgoingHeaders,
  body: BodyInit | undefined,
  hooks: ExchangeHooks,
): Promise<Exchange> {
  const { signal, verbose } = hooks;
  const stream = session.request(headers, { signal, ...(body === undefined ? { endStream: true } : { body }) });
  hooks.onStream(stream);
  // Failures after the headers are found by whoever reads the body.
  stream.on('error', () => undefined);
  // The connection's own event comes in a later tick than this, and is to be shown first.
  stream.on('ready', () => process.nextTick(() => verbose?.request(stream.sentHeaders, stream.sentEarly)));
  const show = (text: string): void => {
    verbose?.response(text);
    hooks.onHeaderText(text);
  };
  stream.on('headers', ({ ':status': status }, { rawHeaders }) => show(sectionText(status, rawHeaders)));
  stream.on('trailers', (_trailers, { rawHeaders }) => show(fieldLines(rawHeaders)));
  return new Promise((resolve, reject) => {
    stream.once('response', (responseHeaders, { rawHeaders }) => {
      const status = responseHeaders[':status'] ?? 0;
      show(sectionText(status, rawHeaders));
      resolve({ stream, status, headers: responseHeaders, rawHeaders });
    });
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('The stream was closed')));
  });
}

/** A header section as `-i` shows it. HTTP/3 has no reason phrase. */
function sectionText(status: number | undefined, rawHeaders: readonly string[]): string {
  return `HTTP/3 ${status ?? 0} \r\n${fieldLines(rawHeaders)}\r\n`;
}

function fieldLines(rawHeaders: readonly string[]): string {
  let text = '';
  for (let index = 0; index < rawHeaders.length; index += 2)
    text += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  return text;
}

/** Text of the wire, a character for each byte, as the UTF-8 that it most likely is. */
export function readableText(wire: string): string {
  return Buffer.from(wire, 'latin1').toString('utf8');
}
