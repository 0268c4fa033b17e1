/** Exit codes, with curl's numbers and meanings; docs/cli.md has the table. */
export const EXIT = {
  OK: 0,
  /** The URL's scheme is not https. */
  UNSUPPORTED_PROTOCOL: 1,
  /** Wrong use of the command line, or the client cannot be set up (no native addon). */
  USAGE: 2,
  MALFORMED_URL: 3,
  RESOLVE: 6,
  CONNECT: 7,
  /** The response ended before it was complete. */
  PARTIAL: 18,
  /** `--fail`, and the status is 400 or above. */
  HTTP_ERROR: 22,
  WRITE: 23,
  /** A local file or standard input could not be read. */
  READ: 26,
  TIMEOUT: 28,
  TLS: 35,
  TOO_MANY_REDIRECTS: 47,
  /** An option's value cannot be used: `--resolve`. */
  OPTION_SYNTAX: 49,
  SEND: 55,
  RECEIVE: 56,
  CERTIFICATE: 60,
  BAD_ENCODING: 61,
  FILE_SIZE: 63,
  /** The request body cannot be sent again. */
  REWIND: 65,
  /** The file of `--cacert` cannot be used. */
  CA_FILE: 77,
  HTTP3: 95,
  QUIC_CONNECT: 96,
  /** 128 and the number of SIGINT, as shells count. */
  INTERRUPTED: 130,
  /** 128 and the number of SIGTERM. */
  TERMINATED: 143,
} as const;

/** A failure with its exit code. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: number;
  /** The user knows already (closed pipe, Ctrl-C): no message. */
  readonly quiet: boolean;

  constructor(exitCode: number, message: string, options: { readonly quiet?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
    this.quiet = options.quiet ?? false;
  }
}

/** The command line is wrong; the message is followed by a hint at `--help`. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(EXIT.USAGE, message);
  }
}
