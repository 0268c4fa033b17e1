/** What is remembered of an origin in a store: JSON in UTF-8. A store may give anything back, so all of it is checked. */

/** An alternative that the origin announced. */
export interface Announced {
  readonly host: string;
  readonly port: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly persist: boolean;
}

/** The alternatives of the last Alt-Svc field. */
export interface Announcement {
  /** When it was received, milliseconds since the epoch. */
  readonly at: number;
  readonly alternatives: readonly Announced[];
}

/** That an alternative did not work. */
export interface BrokenMark {
  readonly host: string;
  readonly port: number;
  /** When it failed last, milliseconds since the epoch. */
  readonly at: number;
  /** Until when it is not tried, milliseconds since the epoch. */
  readonly until: number;
  /** How often it has failed in a row. */
  readonly count: number;
}

/** Alternatives that are kept of a field, and broken marks that are kept of an origin. */
export const MAX_REMEMBERED = 8;

/** @throws TypeError if it is something else */
export function decodeAnnouncement(bytes: Uint8Array): Announcement {
  const { at, alternatives } = recordOf(parse(bytes));
  return { at: numberOf(at), alternatives: listOf(alternatives).map(announcedOf) };
}

/** @throws TypeError if it is something else */
export function decodeBrokenMarks(bytes: Uint8Array): readonly BrokenMark[] {
  return listOf(parse(bytes)).map((mark) => {
    const { at, until, count } = recordOf(mark);
    return { ...placeOf(mark), at: numberOf(at), until: numberOf(until), count: numberOf(count) };
  });
}

export function encode(remembered: Announcement | readonly BrokenMark[]): Uint8Array {
  return Buffer.from(JSON.stringify(remembered));
}

function announcedOf(value: unknown): Announced {
  const { expires, persist } = recordOf(value);
  return { ...placeOf(value), expires: numberOf(expires), persist: persist === true };
}

function placeOf(value: unknown): { host: string; port: number } {
  const { host, port } = recordOf(value);
  if (typeof host !== 'string' || host === '') throw unreadable();
  const number = numberOf(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw unreadable();
  return { host, port: number };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch (cause) {
    throw unreadable(cause);
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw unreadable();
  return value as Readonly<Record<string, unknown>>;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length > MAX_REMEMBERED) throw unreadable();
  return value;
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unreadable();
  return value;
}

function unreadable(cause?: unknown): TypeError {
  return new TypeError('The store has something in the place of alternative services that is not that', { cause });
}
