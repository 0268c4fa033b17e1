import { isIPv6 } from 'node:net';

/** A member of an Alt-Svc field (RFC 7838 3). */
export interface AltSvcEntry {
  /** ALPN protocol id, percent-decoded; its bytes as Latin-1. */
  readonly protocol: string;
  /** Host without brackets, in lower case; empty for the origin's. */
  readonly host: string;
  readonly port: number;
  /** Seconds for which the alternative is fresh, counted from when the response was made. */
  readonly maxAge: number;
  /** Stays valid when the network changes. */
  readonly persist: boolean;
}

/** Longer values are ignored: no server has so many alternatives. */
const MAX_VALUE_LENGTH = 8_192;
/** Members of a field that are read. */
const MAX_MEMBERS = 32;
/** 24 hours (RFC 7838 3.1). */
const DEFAULT_MAX_AGE = 86_400;
/** Seconds; larger ones mean as much (RFC 9111 1.2.2). */
const LARGEST_MAX_AGE = 2 ** 31;
const MAX_HOST_LENGTH = 253;

// Sticky: each matches at its lastIndex only, and none can backtrack over more than it has read once.
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED_STRING = /"(?:[^"\\]|\\.)*"/y;
const WHITESPACE = /[ \t]*/y;
/** What is left of a member that cannot be read: up to the next comma that is not inside a quoted string. */
const REST_OF_MEMBER = /(?:[^",]|"(?:[^"\\]|\\.)*(?:"|$))*/y;

/**
 * Reads the value of an Alt-Svc field. Members that are malformed are left out, and so are parameters that are not known.
 *
 * @param value several fields joined with commas
 * @returns the alternatives in the server's order of preference, of all protocols; none if nothing in it can be read
 */
export function parseAltSvc(value: string): 'clear' | readonly AltSvcEntry[] {
  if (value.length > MAX_VALUE_LENGTH) return [];
  // Case-sensitive, and alone (RFC 7838 3).
  if (value.trim() === 'clear') return 'clear';
  const scanner = new Scanner(value);
  const entries: AltSvcEntry[] = [];
  for (let members = 0; members < MAX_MEMBERS && !scanner.atEnd; members += 1) {
    const entry = readMember(scanner);
    if (entry !== undefined) entries.push(entry);
    scanner.read(REST_OF_MEMBER);
    scanner.skip(',');
  }
  return entries;
}

function readMember(scanner: Scanner): AltSvcEntry | undefined {
  scanner.read(WHITESPACE);
  const protocol = percentDecode(scanner.read(TOKEN));
  if (!scanner.skip('=')) return undefined;
  const authority = parseAuthority(unquote(scanner.read(QUOTED_STRING)));
  const parameters = readParameters(scanner);
  if (protocol === undefined || authority === undefined || parameters === undefined) return undefined;
  return { protocol, ...authority, ...parameters };
}

/** Parameters up to the member's end; undefined if anything else is there, or if `ma` is no number. */
function readParameters(scanner: Scanner): { maxAge: number; persist: boolean } | undefined {
  let maxAge: string | undefined;
  let persist = false;
  for (;;) {
    scanner.read(WHITESPACE);
    if (scanner.atEnd || scanner.at(',')) break;
    if (!scanner.skip(';')) return undefined;
    scanner.read(WHITESPACE);
    const name = scanner.read(TOKEN)?.toLowerCase();
    if (name === undefined || !scanner.skip('=')) return undefined;
    const parameter = scanner.read(TOKEN) ?? unquote(scanner.read(QUOTED_STRING));
    if (parameter === undefined) return undefined;
    if (name === 'ma') maxAge ??= parameter;
    // Any other value means nothing (RFC 7838 3.1).
    if (name === 'persist') persist = parameter === '1';
  }
  if (maxAge === undefined) return { maxAge: DEFAULT_MAX_AGE, persist };
  return /^\d+$/.test(maxAge) ? { maxAge: Math.min(Number(maxAge), LARGEST_MAX_AGE), persist } : undefined;
}

/** `[uri-host] ":" port`; an IPv6 address in brackets. */
function parseAuthority(text: string | undefined): { host: string; port: number } | undefined {
  const [, bracketed, name = '', digits] = /^(?:\[([^\]]*)\]|([\w.-]*)):(\d{1,5})$/.exec(text ?? '') ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed.toLowerCase(), port } : undefined;
  if (name.length > MAX_HOST_LENGTH || /^\.|\.\./.test(name)) return undefined;
  return { host: name.toLowerCase().replace(/\.$/, ''), port };
}

function unquote(text: string | undefined): string | undefined {
  return text?.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** Bytes that a token cannot have are percent-encoded, as is the percent sign itself (RFC 7838 3). */
function percentDecode(token: string | undefined): string | undefined {
  if (token === undefined || /%(?![0-9A-Fa-f]{2})/.test(token)) return undefined;
  return token.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A text and how much of it was read. */
class Scanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  at(character: string): boolean {
    return this.#text[this.#position] === character;
  }

  skip(character: string): boolean {
    const found = this.at(character);
    if (found) this.#position += 1;
    return found;
  }

  /** What the sticky expression matches here. */
  read(expression: RegExp): string | undefined {
    expression.lastIndex = this.#position;
    const match = expression.exec(this.#text)?.[0];
    this.#position += match?.length ?? 0;
    return match;
  }
}
