import { isConnectionSpecific } from '../http/fields.js';
import type { OutgoingHeaders } from '../http/request-head.js';
import type { CliOptions } from './arguments.js';
import { UsageError } from './exit-codes.js';
import { packageVersion } from './package-version.js';
import { readLocalFile, type Upload } from './upload.js';
import type { RequestUrl } from './url.js';

/** What a header section depends on besides the command line. */
export interface RequestContext {
  readonly method: string;
  readonly url: RequestUrl;
  readonly upload: Upload | undefined;
  /** False after a redirect to another origin: credentials stay behind (RFC 9110 15.4). */
  readonly sameOrigin: boolean;
}

/** A line of `-H`. */
export interface HeaderLine {
  readonly name: string;
  /** undefined removes the field. */
  readonly value: string | undefined;
}

const CREDENTIAL_FIELDS = new Set(['authorization', 'cookie']);
export const ACCEPT_ENCODING = 'deflate, gzip, br';

/**
 * Reads the `-H` options: `Name: value`, `Name:` (removes), `Name;` (empty value), `@FILE` with a line for each header.
 *
 * @throws UsageError for a line without ':' or ';', CliError with exit code 26 for a file that cannot be read
 */
export async function readHeaderLines(options: readonly string[]): Promise<HeaderLine[]> {
  const lines: string[] = [];
  for (const option of options) {
    if (option.startsWith('@')) lines.push(...(await readLocalFile(option.slice(1))).toString().split(/\r?\n/));
    else lines.push(option);
  }
  return lines.filter((line) => line.trim() !== '').map(parseHeaderLine);
}

function parseHeaderLine(line: string): HeaderLine {
  const [, name = '', separator = '', rest = ''] = /^([^:;]+)([:;])(.*)$/s.exec(line) ?? [];
  const value = rest.trim();
  if (name === '' || (separator === ';' && value !== '')) {
    throw new UsageError(`option -H: '${line}' is not a header line 'Name: value'`);
  }
  if (separator === ';') return { name: name.trim(), value: '' };
  return { name: name.trim(), value: value === '' ? undefined : wireText(value) };
}

/** All fields of a request: our own, those of the options, and what `-H` adds, replaces and removes. */
export function buildRequestHeaders(
  options: CliOptions,
  lines: readonly HeaderLine[],
  context: RequestContext,
): OutgoingHeaders {
  const fields = new Map<string, string[]>();
  for (const [name, value] of defaultFields(options, context)) {
    if (value !== undefined && value !== '') fields.set(name, [wireText(value)]);
  }
  const replaced = new Set<string>();
  for (const { name, value } of lines) {
    const lower = name.toLowerCase();
    // What belongs to a hop does not exist in HTTP/3 (RFC 9114 4.2); curl drops it as well.
    if (isConnectionSpecific(lower)) continue;
    if (!context.sameOrigin && CREDENTIAL_FIELDS.has(lower)) continue;
    if (!replaced.has(lower)) fields.delete(lower);
    replaced.add(lower);
    if (value !== undefined) fields.set(lower, [...(fields.get(lower) ?? []), value]);
  }
  return { ':method': context.method, ':path': context.url.path, ...Object.fromEntries(fields) };
}

function defaultFields(options: CliOptions, context: RequestContext): [name: string, value: string | undefined][] {
  const { upload, url, sameOrigin } = context;
  const credentials = url.credentials ?? (sameOrigin ? options.user : undefined);
  return [
    ['user-agent', options.userAgent ?? `necko-http3/${packageVersion()}`],
    ['accept', '*/*'],
    ['authorization', credentials === undefined ? undefined : basicAuthorization(credentials)],
    ['range', options.range === undefined ? undefined : `bytes=${options.range}`],
    ['referer', options.referer],
    ['cookie', sameOrigin ? options.cookies.join('; ') : undefined],
    ['accept-encoding', options.compressed ? ACCEPT_ENCODING : undefined],
    ['content-type', upload?.contentType],
    ['content-length', upload?.length?.toString()],
  ];
}

/** RFC 7617. Without ':' the password is empty. */
function basicAuthorization(credentials: string): string {
  const complete = credentials.includes(':') ? credentials : `${credentials}:`;
  return `Basic ${Buffer.from(complete).toString('base64')}`;
}

/** Text of the command line as the library takes it: a character for each byte of its UTF-8 form. */
function wireText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
