import { InvalidArgumentError } from '../errors.js';
import type { ConnectionOptions } from '../http/connection-options.js';
import type { TransactionLimits } from '../http/http-transaction.js';
import type { BodyInit } from '../http/request-body.js';
import { DEFAULT_PRIORITY, type Priority } from '../stream/transaction.js';

/** Times in milliseconds, sizes in bytes; 0 switches a time off. */
export interface RequestLimits {
  /** From sending the request to its response headers. Default 300,000. */
  readonly headersTimeout?: number;
  /** Between bytes of the response body; stands still while the stream is paused. Default 300,000. */
  readonly bodyTimeout?: number;
  /** Largest header section accepted (RFC 9114 4.2.2). Default 65,536. */
  readonly maxHeaderSize?: number;
}

/** Options of {@link connect}. */
export interface ConnectOptions extends ConnectionOptions, RequestLimits {
  /** Destroys the session when aborted. */
  readonly signal?: AbortSignal;
}

/** Options of {@link ClientHttp3Session.request}. */
export interface RequestOptions extends RequestLimits {
  /** The whole request body. Without it the stream's writable side is the body. */
  readonly body?: BodyInit;
  /** No body: the writable side is ended at once. Default true for GET, HEAD, OPTIONS, TRACE and DELETE without `body`, else false. */
  readonly endStream?: boolean;
  /** Of the response (RFC 9218). Default urgency 3, not incremental. */
  readonly priority?: Partial<Priority>;
  /** Aborts the request. */
  readonly signal?: AbortSignal;
}

const DEFAULT_LIMITS: TransactionLimits = { headersTimeout: 300_000, bodyTimeout: 300_000, maxHeaderSize: 65_536 };
const MAX_URGENCY = 7;
const MAX_TIME = 2 ** 31 - 1;

/** Limits of a request: its own, else the session's, else the defaults. */
export function resolveLimits(request: RequestLimits, session: RequestLimits): TransactionLimits {
  const pick = (name: keyof TransactionLimits): number => {
    const value = request[name] ?? session[name] ?? DEFAULT_LIMITS[name];
    if (!Number.isInteger(value) || value < 0 || value > MAX_TIME) {
      throw new InvalidArgumentError(`${name}: must be a whole number from 0 to ${MAX_TIME}, not ${String(value)}`);
    }
    return value;
  };
  return {
    headersTimeout: pick('headersTimeout'),
    bodyTimeout: pick('bodyTimeout'),
    maxHeaderSize: pick('maxHeaderSize'),
  };
}

/** @throws InvalidArgumentError for an urgency outside 0 to 7 */
export function resolvePriority(priority: Partial<Priority> | undefined): Priority {
  const { urgency = DEFAULT_PRIORITY.urgency, incremental = DEFAULT_PRIORITY.incremental } = priority ?? {};
  if (!Number.isInteger(urgency) || urgency < 0 || urgency > MAX_URGENCY) {
    throw new InvalidArgumentError(
      `priority.urgency: must be a whole number from 0 to ${MAX_URGENCY}, not ${String(urgency)}`,
    );
  }
  if (typeof incremental !== 'boolean') throw new InvalidArgumentError('priority.incremental: must be true or false');
  return { urgency, incremental };
}
