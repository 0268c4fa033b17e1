import { type OutgoingHttpHeader, type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import { isConnectionSpecific } from '../../http/fields.js';
import { invalidArgumentValueError } from './message-errors.js';

/** Fields as `writeHead` takes them: an object, or a list of names and values, flat or in pairs, where names may repeat. */
export type HeadFields =
  | Readonly<Record<string, OutgoingHttpHeader | undefined>>
  | readonly OutgoingHttpHeader[]
  | ReadonlyArray<readonly [string, OutgoingHttpHeader]>;

let warnedOfField = false;
let warnedOfStatusMessage = false;

/**
 * The head of a response: the fields set so far, under those given to `writeHead`. Names become lower case (RFC 9114 4.2).
 *
 * @throws Error ERR_INVALID_HTTP_TOKEN, ERR_INVALID_CHAR, ERR_HTTP_INVALID_HEADER_VALUE as node:http's setHeader;
 *   ERR_INVALID_ARG_VALUE for a flat list of odd length
 */
export function makeHead(response: ServerResponse, status: number, given: HeadFields | undefined): OutgoingHttpHeaders {
  const head = emptySection();
  head[':status'] = status;
  const set = response.getHeaders();
  for (const name in set) keepField(head, name, set[name] ?? '');
  if (given === undefined) return head;
  if (Array.isArray(given)) addList(head, given as readonly unknown[]);
  else addFields(head, given as Readonly<Record<string, OutgoingHttpHeader | undefined>>);
  return head;
}

export function emptySection(): OutgoingHttpHeaders {
  return Object.create(null) as OutgoingHttpHeaders;
}

/** Sets fields in a section; each replaces what it had of that name. */
export function addFields(
  section: OutgoingHttpHeaders,
  fields: Readonly<Record<string, OutgoingHttpHeader | undefined>>,
): void {
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    checkField(name, value);
    keepField(section, name.toLowerCase(), value);
  }
}

/** As {@link addFields}, but names that repeat in the list get all of their values. */
export function addList(section: OutgoingHttpHeaders, list: readonly unknown[]): void {
  const flat = Array.isArray(list[0]) ? list.flat(1) : list;
  if (flat.length % 2 !== 0) throw invalidArgumentValueError('headers', 'must have a value for each name');
  const added = emptySection();
  for (let index = 0; index < flat.length; index += 2) {
    const name = String(flat[index]);
    const value = flat[index + 1] as OutgoingHttpHeader | undefined;
    checkField(name, value);
    const present = added[name.toLowerCase()];
    keepField(added, name.toLowerCase(), present === undefined ? value : [present, value].flat().map(String));
  }
  Object.assign(section, added);
}

/** The reason phrase has no place in HTTP/3 (RFC 9114 4.3.2). Warns once in the life of the process, as node:http2. */
export function warnOfStatusMessage(): void {
  if (warnedOfStatusMessage) return;
  warnedOfStatusMessage = true;
  process.emitWarning('Status message is not supported by HTTP/3 (RFC 9114 4.3.2)', 'UnsupportedWarning');
}

function checkField(name: string, value: OutgoingHttpHeader | undefined): asserts value is OutgoingHttpHeader {
  validateHeaderName(name);
  // @ts-expect-error: typed for strings alone, but it takes what setHeader takes, and refuses undefined
  validateHeaderValue(name, value);
}

/** Keeps a field unless it belongs to a connection of HTTP/1.1; of such it warns once in the life of the process. */
function keepField(section: OutgoingHttpHeaders, name: string, value: OutgoingHttpHeader): void {
  if (!isConnectionSpecific(name)) {
    section[name] = typeof value === 'object' ? [...value] : value;
  } else if (!warnedOfField) {
    warnedOfField = true;
    process.emitWarning(
      `The header ${name} is dropped: HTTP/2 and HTTP/3 have no connection-specific headers (RFC 9114 4.2)`,
      'UnsupportedWarning',
    );
  }
}
