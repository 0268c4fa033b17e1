import { createRequire } from 'node:module';
import type { Dispatcher } from 'undici';
import {
  type DispatchRequest,
  parseDispatchOptions,
  type RequestDefaults,
} from '../../../src/client/dispatcher/dispatch-request.js';

/** What undici's own Request, with which its Client checks options, makes of them. */
interface UndiciRequest {
  readonly path: string;
  readonly headers: readonly (string | readonly string[])[];
  readonly host: string | null;
  readonly contentLength: number | null;
  readonly reset: boolean | null;
  readonly idempotent: boolean;
  readonly blocking: boolean;
  readonly expectContinue: boolean;
  readonly servername: string | null;
  readonly body: unknown;
}

const Request = createRequire(import.meta.url)('undici/lib/core/request.js') as new (
  origin: string,
  options: unknown,
  handler: Dispatcher.DispatchHandler,
) => UndiciRequest;

export const DEFAULTS: RequestDefaults = {
  headersTimeout: 300_000,
  bodyTimeout: 300_000,
  maxHeaderSize: 65_536,
  maxResponseSize: -1,
  strictContentLength: true,
};

/** Options of a request to an origin that nobody is asked for. */
export function optionsWith(options: object): Dispatcher.DispatchOptions {
  return { origin: 'https://example.org', method: 'GET', path: '/', ...options };
}

export function parse(options: object): DispatchRequest {
  return parseDispatchOptions(optionsWith(options), DEFAULTS);
}

export function parseAsUndici(options: object): UndiciRequest {
  return new Request('https://example.org', optionsWith(options), { onRequestStart: () => undefined });
}

/** The code of the error that `step` throws, or 'none'. */
export function codeOf(step: () => unknown): string {
  try {
    step();
    return 'none';
  } catch (error) {
    return (error as { readonly code?: string }).code ?? 'no code';
  }
}

/** Fields of undici's Request one by one, names in lower case. */
export function flatten(headers: UndiciRequest['headers']): string[] {
  const flat: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const value = headers[index + 1] ?? '';
    for (const single of typeof value === 'string' ? [value] : value)
      flat.push(String(headers[index]).toLowerCase(), single);
  }
  return flat;
}
