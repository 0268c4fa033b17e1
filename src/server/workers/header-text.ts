/** Header sections as one text: a single string crosses to another thread faster than twenty. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { trimFieldValue } from '../../http/fields.js';
import { addIncomingField } from '../../http/incoming-headers.js';

const NUL = '\0';

/** Each name and each value ended by a NUL, of flat fields (name, value, name, value …). */
export function toHeaderText(flat: readonly string[]): string {
  return flat.length === 0 ? '' : flat.join(NUL) + NUL;
}

export function fromHeaderText(text: string): string[] {
  const flat = text.split(NUL);
  // What follows the last NUL.
  flat.pop();
  return flat;
}

/** The object that a request's listeners get, of a section that was checked when it came. */
export function incomingHeaders(flat: readonly string[]): IncomingHttpHeaders {
  const headers = Object.create(null) as Record<string, string | string[] | undefined>;
  for (let index = 0; index < flat.length; index += 2) {
    addIncomingField(headers, flat[index] ?? '', trimFieldValue(flat[index + 1] ?? ''));
  }
  return headers;
}

/** A response's section as `respond` takes it: `:status` is a number, a field that comes several times a list. */
export function outgoingHeaders(text: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const flat = fromHeaderText(text);
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] ?? '';
    const value = flat[index + 1] ?? '';
    const present = headers[name];
    if (name === ':status') headers[name] = Number(value);
    else if (present === undefined) headers[name] = value;
    else if (Array.isArray(present)) present.push(value);
    else headers[name] = [String(present), value];
  }
  return headers;
}
