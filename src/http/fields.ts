/** Rules for field names and values that hold in both directions (RFC 9110 5, RFC 9114 4.2). */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const LOWER_TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Printable ASCII, obs-text, space and tab. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const DIGITS = /^[0-9]+$/;

/** Fields of a hop that HTTP/3 does not have (RFC 9114 4.2). `te` may say `trailers`. */
const CONNECTION_SPECIFIC = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

export function isToken(name: string): boolean {
  return TOKEN.test(name);
}

export function isLowerCaseToken(name: string): boolean {
  return LOWER_TOKEN.test(name);
}

/** No control characters and nothing beyond Latin-1. */
export function isFieldValue(value: string): boolean {
  return VALUE.test(value);
}

export function isConnectionSpecific(name: string): boolean {
  return CONNECTION_SPECIFIC.has(name);
}

/** A content-length as a number of bytes, or undefined if it is not one (RFC 9110 8.6). */
export function parseContentLength(value: string): number | undefined {
  if (!DIGITS.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}

/**
 * The one content-length of several fields, or of a list, that agree (RFC 9110 8.6); undefined if they do not, or if one is
 * no number of bytes.
 */
export function agreeContentLength(earlier: number | undefined, value: string): number | undefined {
  let agreed = earlier;
  for (const part of value.split(',')) {
    const length = parseContentLength(trimFieldValue(part));
    if (length === undefined || (agreed !== undefined && agreed !== length)) return undefined;
    agreed = length;
  }
  return agreed;
}

const SPACE = 0x20;
const TAB = 0x09;

/** Without the white space at its ends, which carries no meaning (RFC 9110 5.5). In linear time, whatever the peer sends. */
export function trimFieldValue(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isWhiteSpace(value.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isWhiteSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}
