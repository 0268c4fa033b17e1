import { headerValue, type TransferReport } from './transfer-report.js';

/** Text for standard output or standard error, in the order of the format. */
export interface WriteOutPart {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

type Value = string | number | null;
interface Variable {
  readonly value: (report: TransferReport) => Value;
  /** Text where it is not simply the value. */
  readonly text?: (value: Value) => string;
}

const seconds = (value: (report: TransferReport) => number): Variable => ({
  value,
  text: (time) => Number(time).toFixed(6),
});
/** An empty text is null in JSON, as in curl's. */
const text = (value: (report: TransferReport) => string | undefined): Variable => ({
  value: (report) => value(report) || null,
});
const number = (value: (report: TransferReport) => number): Variable => ({ value });
const status: Variable = { value: (report) => report.status, text: (code) => String(code).padStart(3, '0') };

/** curl's variables that have a meaning here, and ours: `early_data` and `resumed`. */
const VARIABLES: Readonly<Record<string, Variable>> = {
  content_type: text((report) => headerValue(report, 'content-type')),
  early_data: text(({ earlyData }) => earlyData),
  errormsg: text(({ errorMessage }) => errorMessage),
  exitcode: number(({ exitCode }) => exitCode),
  filename_effective: text(({ fileName }) => fileName),
  http_code: status,
  http_version: text(({ status: code }) => (code === 0 ? '0' : '3')),
  local_ip: text(({ connection }) => connection?.localAddress),
  local_port: number(({ connection }) => connection?.localPort ?? 0),
  method: text(({ method }) => method),
  num_certs: number(({ connection }) => connection?.certificates.length ?? 0),
  num_connects: number(({ connects }) => connects),
  num_headers: number(({ headers }) => headers.length / 2),
  num_redirects: number(({ redirects }) => redirects),
  redirect_url: text(({ redirectUrl }) => redirectUrl),
  remote_ip: text(({ connection }) => connection?.remoteAddress),
  remote_port: number(({ connection }) => connection?.remotePort ?? 0),
  response_code: status,
  resumed: number(({ connection }) => (connection?.resumed === true ? 1 : 0)),
  scheme: text(() => 'HTTPS'),
  size_download: number(({ downloaded }) => downloaded),
  size_header: number(({ headerBytes }) => headerBytes),
  size_request: number(({ requestBytes }) => requestBytes),
  size_upload: number(({ uploaded }) => uploaded),
  speed_download: number(({ downloaded, times }) => speed(downloaded, times.total)),
  speed_upload: number(({ uploaded, times }) => speed(uploaded, times.total)),
  ssl_verify_result: number(({ connection }) => (connection?.authorized === false ? 1 : 0)),
  time_appconnect: seconds(({ times }) => times.appConnect),
  time_connect: seconds(({ times }) => times.connect),
  time_namelookup: seconds(({ times }) => times.nameLookup),
  time_pretransfer: seconds(({ times }) => times.preTransfer),
  time_redirect: seconds(({ times }) => times.redirect),
  time_starttransfer: seconds(({ times }) => times.startTransfer),
  time_total: seconds(({ times }) => times.total),
  url: text(({ url }) => url),
  url_effective: text(({ effectiveUrl }) => effectiveUrl),
  urlnum: number(({ urlNumber }) => urlNumber),
};

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };
/** What has a meaning in a format: `%%`, `%{name}`, `%header{name}`, and backslash escapes. */
const SPECIAL = /%(?:%|(header)?\{([^}]*)\})|\\([nrt\\])/g;

/**
 * Fills a `-w` format for a transfer.
 * @param unknown told the name of a variable that does not exist; it prints nothing
 */
export function formatWriteOut(
  format: string,
  report: TransferReport,
  unknown: (name: string) => void,
): WriteOutPart[] {
  const parts: { stream: WriteOutPart['stream']; text: string }[] = [{ stream: 'stdout', text: '' }];
  const add = (piece: string): void => {
    const part = parts.at(-1);
    if (part !== undefined) part.text += piece;
  };
  let end = 0;
  for (const match of format.matchAll(SPECIAL)) {
    const [all, header, name, escaped] = match;
    add(format.slice(end, match.index));
    end = match.index + all.length;
    if (escaped !== undefined) add(ESCAPES[escaped] ?? '');
    else if (name === undefined) add('%');
    else if (header !== undefined) add(headerValue(report, name));
    else if (name === 'stdout' || name === 'stderr') parts.push({ stream: name, text: '' });
    else if (name === 'onerror') {
      if (report.exitCode === 0) return nonEmpty(parts);
    } else {
      const value = expand(name, report);
      if (value === undefined) unknown(name);
      else add(value);
    }
  }
  add(format.slice(end));
  return nonEmpty(parts);
}

function nonEmpty(parts: readonly WriteOutPart[]): WriteOutPart[] {
  return parts.filter((part) => part.text !== '');
}

function expand(name: string, report: TransferReport): string | undefined {
  if (name === 'json') return jsonOf(report);
  if (name === 'header_json') return headerJsonOf(report);
  const variable = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
  if (variable === undefined) return undefined;
  const value = variable.value(report);
  return variable.text?.(value) ?? String(value ?? '');
}

/** All variables in one object; times with six digits, as numbers. */
function jsonOf(report: TransferReport): string {
  const members = Object.entries(VARIABLES).map(([name, { value, text: toText }]) => {
    const plain = value(report);
    const json = name.startsWith('time_') && toText !== undefined ? toText(plain) : JSON.stringify(plain);
    return `${JSON.stringify(name)}:${json}`;
  });
  return `{${members.join(',')}}`;
}

/** Every header name with the list of its values. */
function headerJsonOf({ headers }: TransferReport): string {
  const values = new Map<string, string[]>();
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    values.set(name, [...(values.get(name) ?? []), headers[index + 1] ?? '']);
  }
  const members = [...values].map(([name, list]) => `${JSON.stringify(name)}:${JSON.stringify(list)}`);
  return `{${members.join(',\n')}\n}`;
}

function speed(bytes: number, time: number): number {
  return time === 0 ? 0 : Math.floor(bytes / time);
}
