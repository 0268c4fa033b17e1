import { WEBTRANSPORT_ERROR } from '../../errors.js';

/** The HTTP/3 code of application code 0 (draft-ietf-webtrans-http3 4.4, "Resetting Data Streams"). */
const FIRST = 0x52e4a40fa8db;
/** Largest application code: WebTransport's codes have 32 bits. */
export const MAX_APPLICATION_CODE = 0xffff_ffff;
/** Every 0x1f-th HTTP/3 code, beginning with 0x21, is reserved (RFC 9114 8.1): 0x1e application codes, then a gap. */
const RUN = 0x1e;
const RESERVED_PERIOD = RUN + 1;
const FIRST_RESERVED = 0x21;
const LAST = FIRST + MAX_APPLICATION_CODE + Math.floor(MAX_APPLICATION_CODE / RUN);

/**
 * The HTTP/3 error code for an application's.
 *
 * @param code integer, 0 to 2^32 - 1
 */
export function applicationToHttp3Code(code: number): number {
  return FIRST + code + Math.floor(code / RUN);
}

/** The application's code for an HTTP/3 error code, or undefined if that is none of an application. */
export function http3ToApplicationCode(code: number): number | undefined {
  if (code < FIRST || code > LAST) return undefined;
  if ((code - FIRST_RESERVED) % RESERVED_PERIOD === 0) return undefined;
  const shifted = code - FIRST;
  return shifted - Math.floor(shifted / RESERVED_PERIOD);
}

export const { WT_SESSION_GONE, WT_BUFFERED_STREAM_REJECTED } = WEBTRANSPORT_ERROR;
