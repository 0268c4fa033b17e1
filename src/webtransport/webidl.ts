/**
 * Web IDL for the classes of the W3C API: conversions of JavaScript values (Web IDL 3.2) and the shape of interfaces
 * (Web IDL 3.7). Only the types that the API uses.
 */
import { types } from 'node:util';

/** Given to constructors that Web IDL declares without one, by this module's own code alone. */
export const INTERNAL: unique symbol = Symbol('internal');

/** @throws TypeError, as for every interface without constructor */
export function forbidConstruction(token: unknown): void {
  if (token !== INTERNAL) throw new TypeError('Illegal constructor');
}

/**
 * Members become enumerable, and the prototype gets its `Symbol.toStringTag`: a JavaScript class has neither (Web IDL
 * 3.7.3 and 3.7.6).
 */
export function defineInterface(definition: abstract new (...parameters: never[]) => object, name: string): void {
  const prototype = definition.prototype as object;
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (key !== 'constructor') Object.defineProperty(prototype, key, { ...descriptor, enumerable: true });
  }
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(definition))) {
    if (descriptor.get !== undefined) Object.defineProperty(definition, key, { ...descriptor, enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}

/** What an operation of promise type throws becomes a rejection (Web IDL 3.7.7); likewise a getter of promise type. */
export function promised<T>(steps: () => Promise<T>): Promise<T> {
  try {
    return steps();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A dictionary's members; undefined and null stand for an empty one (Web IDL 3.2.17). */
export function toDictionary(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' && typeof value !== 'function') throw new TypeError(`${what} is not an object`);
  return value as Record<string, unknown>;
}

/** `DOMString` (Web IDL 3.2.9). */
export function toDomString(value: unknown, what: string): string {
  if (typeof value === 'symbol') throw new TypeError(`${what} is a symbol, which is not a string`);
  return String(value);
}

/** `USVString`: unpaired surrogates become U+FFFD (Web IDL 3.2.11). */
export function toUsvString(value: unknown, what: string): string {
  const text = toDomString(value, what);
  // Each unpaired surrogate on its own; pairs are one code point under the flag.
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** @throws TypeError if it is none of `allowed` */
export function toEnum<T extends string>(value: unknown, allowed: readonly T[], what: string): T {
  const text = toDomString(value, what);
  const found = allowed.find((candidate) => candidate === text);
  if (found === undefined) throw new TypeError(`${what} '${text}' is none of ${allowed.join(', ')}`);
  return found;
}

/** `unrestricted double`, and the first step of every other number. */
export function toNumber(value: unknown, what: string): number {
  if (typeof value === 'symbol' || typeof value === 'bigint') throw new TypeError(`${what} is not a number`);
  return Number(value);
}

/** `[EnforceRange] unsigned short` … (Web IDL 3.2.4.9): outside 0 … `max` is a TypeError. */
export function toUnsignedInRange(value: unknown, max: number, what: string): number {
  const number = Math.trunc(toNumber(value, what));
  if (!(number >= 0 && number <= max)) throw new TypeError(`${what} is not in the range 0 to ${max}`);
  return number + 0;
}

/** `[Clamp] unsigned long`: rounds to the nearest, ties to even, and NaN becomes 0. */
export function toClampedUnsignedLong(value: unknown, what: string): number {
  const number = Math.min(Math.max(toNumber(value, what), 0), 0xffff_ffff);
  if (Number.isNaN(number)) return 0;
  const floor = Math.floor(number);
  const rest = number - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** `unsigned long`: modulo 2^32. */
export function toUnsignedLong(value: unknown, what: string): number {
  return toNumber(value, what) >>> 0;
}

/** `long long`: modulo 2^64, signed. Beyond 2^53 a number holds no exact value, and none is needed for an order. */
export function toLongLong(value: unknown, what: string): number {
  const number = Math.trunc(toNumber(value, what));
  if (!Number.isFinite(number)) return 0;
  return Number.isSafeInteger(number) ? number + 0 : Number(BigInt.asIntN(64, BigInt(number)));
}

/** `sequence<T>`. */
export function toSequence<T>(value: unknown, convert: (element: unknown) => T, what: string): T[] {
  const iterable = value as Partial<Iterable<unknown>> | null | undefined;
  if ((typeof value !== 'object' && typeof value !== 'function') || typeof iterable?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`${what} is not iterable`);
  }
  return Array.from(iterable as Iterable<unknown>, convert);
}

type ViewSlot = 'buffer' | 'byteOffset' | 'byteLength';

/** Reads internal slots: what a subclass, or the object itself, says in members of these names need not be true. */
function slotReader(prototype: object): (view: ArrayBufferView, slot: ViewSlot) => unknown {
  const { buffer, byteOffset, byteLength } = Object.getOwnPropertyDescriptors(prototype) as Record<
    ViewSlot,
    PropertyDescriptor
  >;
  const getters = { buffer, byteOffset, byteLength };
  return (view, slot) => getters[slot].get?.call(view);
}

const typedArraySlot = slotReader(Object.getPrototypeOf(Uint8Array.prototype) as object);
const dataViewSlot = slotReader(DataView.prototype);

/**
 * The bytes of a BufferSource where they are, not copied: as a plain view, since subclasses have methods of their own (`slice`
 * of a Buffer copies nothing). Empty if the buffer is detached (Web IDL 3.2.26, "get a copy of the bytes").
 *
 * @throws TypeError if it is no BufferSource, or its memory is shared
 */
export function toBytes(value: unknown, what: string): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(value) ? value : undefined;
  const slot = types.isDataView(value) ? dataViewSlot : typedArraySlot;
  const buffer = view === undefined ? value : slot(view, 'buffer');
  if (!types.isArrayBuffer(buffer)) throw new TypeError(`${what} is not an ArrayBuffer or a view of one`);
  try {
    if (view === undefined) return new Uint8Array(buffer);
    return new Uint8Array(buffer, slot(view, 'byteOffset') as number, slot(view, 'byteLength') as number);
  } catch {
    // Of a detached buffer there can be no view.
    return new Uint8Array();
  }
}
