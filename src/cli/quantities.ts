import { UsageError } from './exit-codes.js';

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
/** setTimeout takes no more. */
const MAX_MILLISECONDS = 2 ** 31 - 1;

/**
 * A size or rate as curl takes it: a number with an optional unit of 1,024 bytes (k), its square (m) or its cube (g).
 * @throws UsageError that names the option
 */
export function parseSize(option: string, text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([bkmg]?)$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN));
  if (number === '' || !Number.isSafeInteger(bytes)) {
    throw new UsageError(`option ${option}: '${text}' is not a number of bytes (unit k, m or g)`);
  }
  return bytes;
}

/**
 * Seconds, with an optional fraction, as milliseconds. 0 means without limit, as in curl.
 * @throws UsageError that names the option
 */
export function parseSeconds(option: string, text: string): number {
  const milliseconds = /^\d+(?:\.\d+)?$/.test(text) ? Math.ceil(Number(text) * 1000) : Number.NaN;
  if (!(milliseconds <= MAX_MILLISECONDS))
    throw new UsageError(`option ${option}: expected a proper numerical parameter`);
  return milliseconds;
}

/**
 * A whole number within bounds.
 * @throws UsageError that names the option
 */
export function parseCount(option: string, text: string, min: number, max: number): number {
  const count = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= min && count <= max)) {
    throw new UsageError(`option ${option}: expected a number from ${min} to ${max}, not '${text}'`);
  }
  return count;
}
