/** Header fields of a message as `node:http2` gives them. */
export interface IncomingHeaders {
  readonly ':status'?: number;
  readonly 'set-cookie'?: string[];
  readonly [name: string]: string | string[] | number | undefined;
}

/** Fields of which a second value is dropped, as Node does; they have no list form. */
const SINGLE = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'date',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/**
 * An object of the fields, made as `node:http2` makes it: several values are joined with ', ' (Cookie with '; '),
 * Set-Cookie is always a list, and fields without a list form keep their first value. It has no prototype.
 *
 * @param flat name, value, name, value …
 */
export function toIncomingHeaders(flat: readonly string[], status?: number): IncomingHeaders {
  const fields = Object.create(null) as Record<string, string | string[] | undefined>;
  const headers: Record<string, string | string[] | number | undefined> = fields;
  if (status !== undefined) headers[':status'] = status;
  for (let index = 0; index < flat.length; index += 2)
    addIncomingField(fields, flat[index] ?? '', flat[index + 1] ?? '');
  return headers;
}

/** Adds a field to an object of fields, as {@link toIncomingHeaders} says. */
export function addIncomingField(
  headers: Record<string, string | string[] | undefined>,
  name: string,
  value: string,
): void {
  const present = headers[name];
  if (name === 'set-cookie') {
    if (Array.isArray(present)) present.push(value);
    else headers[name] = [value];
  } else if (present === undefined) headers[name] = value;
  else if (!SINGLE.has(name)) headers[name] = `${String(present)}${name === 'cookie' ? '; ' : ', '}${value}`;
}
