/** One option of the command line. */
export interface OptionSpec {
  readonly short?: string;
  /** Placeholder of its argument; without it the option is a flag. */
  readonly argument?: string;
  readonly help: string;
}

/** All options, by long name, in the order in which the help shows them. Names and meanings are curl's where curl has them. */
export const OPTION_TABLE = {
  output: { short: 'o', argument: 'FILE', help: "Write to FILE instead of standard output; '-' for standard output" },
  'remote-name': { short: 'O', help: "Write to a file named as the URL's last path segment" },
  'output-dir': { argument: 'DIR', help: 'Directory for the files of -o and -O' },
  'create-dirs': { help: 'Create missing directories of output files' },
  'remove-on-error': { help: 'Remove the output file of a failed transfer' },
  'dump-header': { short: 'D', argument: 'FILE', help: 'Write the received headers to FILE' },
  include: { short: 'i', help: 'Include the response headers in the output' },
  head: { short: 'I', help: 'Fetch the headers only (HEAD)' },
  request: { short: 'X', argument: 'METHOD', help: 'Request method' },
  header: {
    short: 'H',
    argument: 'LINE',
    help: "Header 'Name: value'; 'Name:' removes, 'Name;' sends empty, @FILE reads",
  },
  'user-agent': { short: 'A', argument: 'NAME', help: 'User-Agent to send' },
  referer: { short: 'e', argument: 'URL', help: 'Referer to send' },
  user: { short: 'u', argument: 'USER:PASSWORD', help: 'Basic authentication' },
  cookie: { short: 'b', argument: 'NAME=VALUE', help: 'Cookie to send' },
  range: { short: 'r', argument: 'RANGE', help: "Bytes to fetch, such as '0-499' or '-500'" },
  compressed: { help: 'Ask for a compressed response and decompress it (gzip, deflate, br)' },
  data: {
    short: 'd',
    argument: 'DATA',
    help: 'POST data; @FILE reads a file without its line ends, @- standard input',
  },
  'data-raw': { argument: 'DATA', help: "As --data, but '@' has no meaning" },
  'data-binary': { argument: 'DATA', help: 'As --data, but files are sent as they are' },
  get: { short: 'G', help: 'Send the data of -d as query of a GET' },
  'upload-file': { short: 'T', argument: 'FILE', help: "PUT FILE; '-' for standard input" },
  location: { short: 'L', help: 'Follow redirects' },
  'max-redirs': { argument: 'N', help: 'Redirects followed at most; -1 for any number (default 50)' },
  fail: { short: 'f', help: 'Fail without output on status 400 and above' },
  'fail-early': { help: 'End at the first transfer that fails' },
  'max-filesize': { argument: 'SIZE', help: 'Fail if the response is larger than SIZE' },
  insecure: { short: 'k', help: 'Accept any certificate' },
  cacert: { argument: 'FILE', help: "Trust the certificates of FILE (PEM or DER) instead of Node's" },
  resolve: { argument: 'HOST:PORT:ADDR[,ADDR]', help: 'Addresses to use for HOST and PORT' },
  ipv4: { short: '4', help: 'Use IPv4 addresses only' },
  ipv6: { short: '6', help: 'Use IPv6 addresses only' },
  'connect-timeout': { argument: 'SECONDS', help: 'Time allowed for the connection (default 10)' },
  'max-time': { short: 'm', argument: 'SECONDS', help: 'Time allowed for each transfer' },
  'limit-rate': { argument: 'RATE', help: 'Bytes per second at most, both ways; suffix k, m or g' },
  '0rtt-cache': {
    argument: 'FILE',
    help: 'Keep resumption tokens in FILE, so that a later run sends its GET in 0-RTT',
  },
  qlog: { argument: 'DIR', help: 'Write qlog files to DIR' },
  parallel: { short: 'Z', help: 'Do all transfers at once' },
  'parallel-max': { argument: 'N', help: 'Transfers at once at most, 1 to 300 (default 50)' },
  'write-out': { short: 'w', argument: 'FORMAT', help: 'Print FORMAT after each transfer; @FILE reads it from a file' },
  verbose: { short: 'v', help: 'Show the handshake and the headers both ways on standard error' },
  silent: { short: 's', help: 'No progress bar and no error messages' },
  'show-error': { short: 'S', help: 'Error messages also with -s' },
  'no-progress-meter': { help: 'No progress bar' },
  'no-buffer': { short: 'N', help: 'Accepted for compatibility: output is never held back' },
  globoff: { short: 'g', help: 'Accepted for compatibility: URLs are never expanded' },
  http3: { help: 'Accepted for compatibility: HTTP/3 is all there is' },
  'http3-only': { help: 'Accepted for compatibility: HTTP/3 is all there is' },
  url: { argument: 'URL', help: 'URL to fetch' },
  help: { short: 'h', help: 'Show this help' },
  version: { short: 'V', help: 'Show versions' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

type Table = typeof OPTION_TABLE;
export type OptionName = keyof Table;
/** Options with an argument. */
export type ValueOption = { [Name in OptionName]: Table[Name] extends { argument: string } ? Name : never }[OptionName];
export type FlagOption = Exclude<OptionName, ValueOption>;

/** The specification of an option as the user may have written it; undefined if there is no such option. */
export function optionSpec(name: string): OptionSpec | undefined {
  return Object.hasOwn(OPTION_TABLE, name) ? OPTION_TABLE[name as OptionName] : undefined;
}
