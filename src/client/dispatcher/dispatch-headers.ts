import { InvalidArgumentError, NotSupportedError } from '../../errors.js';
import { isFieldValue, isToken, parseContentLength, trimFieldValue } from '../../http/fields.js';
import { checkAuthority, existsInHttp3 } from '../../http/request-head.js';

/** Fields that say how a message travels, which is not the user's affair. */
const REFUSED = new Set(['transfer-encoding', 'keep-alive', 'upgrade']);

/**
 * Collects a request's header fields under undici's rules. `transfer-encoding`, `keep-alive` and `upgrade` are refused;
 * `connection` is understood and dropped; `host` and `content-length` are kept apart, because they are not what the user says but
 * what the request is.
 */
export class DispatchHeaders {
  /** Flat, names in lower case, for HTTP/3. All cookies are one field (RFC 9114 4.2.1). */
  readonly fields: string[] = [];
  /** Flat: fields that only HTTP/1 has, and that HTTP/3 leaves out (RFC 9114 4.2). */
  readonly connectionSpecific: string[] = [];
  /** Undefined also for an empty one, which undici takes for none. */
  host: string | undefined;
  contentLength: number | undefined;
  /** `connection: close`. */
  close = false;
  hasContentType = false;
  #hostGiven = false;
  #cookie = -1;

  /** @param headers an object, a flat array, or an iterable of pairs */
  addAll(headers: unknown): void {
    if (headers === undefined || headers === null) return;
    if (Array.isArray(headers)) {
      if (headers.length % 2 !== 0) throw new InvalidArgumentError('headers array must be even');
      for (let index = 0; index < headers.length; index += 2) this.add(headers[index], headers[index + 1]);
      return;
    }
    if (typeof headers !== 'object') throw new InvalidArgumentError('headers must be an object or an array');
    if (hasOwnIterator(headers)) {
      for (const pair of headers) {
        if (!Array.isArray(pair) || pair.length !== 2) {
          throw new InvalidArgumentError('headers must be in key-value pair format');
        }
        this.add(pair[0], pair[1]);
      }
      return;
    }
    for (const name of Object.keys(headers)) this.add(name, (headers as Record<string, unknown>)[name]);
  }

  /** @param value a primitive, or a list of them for several fields; undefined: no field */
  add(name: unknown, value: unknown): void {
    if (value === undefined) return;
    if (typeof name !== 'string') throw new InvalidArgumentError('invalid header key');
    const lower = name.toLowerCase();
    if (!isToken(lower)) throw new InvalidArgumentError('invalid header key');
    if (Array.isArray(value)) this.#addList(lower, value);
    else this.#addOne(lower, fieldValue(lower, value));
  }

  #addList(name: string, values: readonly unknown[]): void {
    if (name === 'host' || name === 'content-length' || name === 'connection') throw invalid(name);
    for (const value of values) this.#addOne(name, fieldValue(name, value));
  }

  #addOne(name: string, value: string): void {
    if (REFUSED.has(name)) throw invalid(name);
    if (name === 'expect') {
      throw new NotSupportedError('expect header not supported; the option is expectContinue');
    }
    if (name === 'host') this.#setHost(value);
    else if (name === 'content-length') this.#setContentLength(value);
    else if (name === 'connection') this.#readConnection(value);
    else if (name === 'cookie') this.#addCookie(value);
    else this.#addField(name, value);
  }

  #addField(name: string, value: string): void {
    if (name === 'content-type') this.hasContentType = true;
    if (existsInHttp3(name, value)) this.fields.push(name, value);
    else this.connectionSpecific.push(name, value);
  }

  #setHost(value: string): void {
    if (this.#hostGiven) throw new InvalidArgumentError('duplicate host header');
    this.#hostGiven = true;
    if (value === '') return;
    checkAuthority(value);
    this.host = value;
  }

  #setContentLength(value: string): void {
    if (this.contentLength !== undefined) throw new InvalidArgumentError('duplicate content-length header');
    this.contentLength = parseContentLength(value);
    if (this.contentLength === undefined) throw invalid('content-length');
  }

  /** RFC 9110 7.6.1. The fields that it names are not looked for, as in undici. */
  #readConnection(value: string): void {
    for (const option of value.toLowerCase().split(',')) {
      const token = option.trim();
      if (!isToken(token)) throw invalid('connection');
      if (token === 'close') this.close = true;
    }
  }

  #addCookie(value: string): void {
    if (this.#cookie === -1) this.#cookie = this.fields.push('cookie', value) - 1;
    else this.fields[this.#cookie] += `; ${value}`;
  }
}

/** Null is an empty value, as in undici; other primitives are what they are as text. */
function fieldValue(name: string, value: unknown): string {
  if (typeof value === 'string') return checkedValue(name, value);
  if (value === null) return '';
  if (typeof value === 'object' || typeof value === 'symbol') throw invalid(name);
  return checkedValue(name, String(value));
}

function checkedValue(name: string, value: string): string {
  if (!isFieldValue(value)) throw invalid(name);
  return trimFieldValue(value);
}

/** Not one that somebody has put on Object.prototype. */
function hasOwnIterator(headers: object): headers is Iterable<unknown> {
  const prototype: unknown = Object.getPrototypeOf(headers);
  const inherits = prototype !== null && prototype !== Object.prototype;
  return (
    Object.hasOwn(headers, Symbol.iterator) ||
    (inherits && typeof (headers as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function')
  );
}

function invalid(name: string): InvalidArgumentError {
  return new InvalidArgumentError(`invalid ${name} header`);
}
