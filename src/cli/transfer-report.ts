import type { ConnectionInfo } from '../session/session-types.js';

/** Everything that is known of a transfer when it has ended: what `-w` prints. Sizes in bytes, times in seconds. */
export interface TransferReport {
  /** Number of its URL on the command line, from 0. */
  readonly urlNumber: number;
  /** As the user gave it. */
  readonly url: string;
  /** Fetched last. */
  effectiveUrl: string;
  method: string;
  exitCode: number;
  errorMessage: string;
  /** Of the last response; 0 if there was none. */
  status: number;
  /** Of the last response, flat: name, value, name, value … */
  headers: readonly string[];
  redirects: number;
  /** Where the last response would have redirected to. */
  redirectUrl: string;
  /** Connections made for it. */
  connects: number;
  connection: ConnectionInfo | undefined;
  /** Of the last request: sent in 0-RTT and taken, sent and rejected, or not sent in it. */
  earlyData: ConnectionInfo['earlyData'];
  downloaded: number;
  uploaded: number;
  headerBytes: number;
  requestBytes: number;
  fileName: string | undefined;
  readonly times: TransferTimes;
}

/** Seconds from the transfer's start; 0 for what did not happen, such as a look-up where the connection was there already. */
export interface TransferTimes {
  nameLookup: number;
  connect: number;
  appConnect: number;
  preTransfer: number;
  startTransfer: number;
  redirect: number;
  total: number;
}

export function newReport(urlNumber: number, url: string): TransferReport {
  return {
    urlNumber,
    url,
    effectiveUrl: url,
    method: '',
    exitCode: 0,
    errorMessage: '',
    status: 0,
    headers: [],
    redirects: 0,
    redirectUrl: '',
    connects: 0,
    connection: undefined,
    earlyData: 'none',
    downloaded: 0,
    uploaded: 0,
    headerBytes: 0,
    requestBytes: 0,
    fileName: undefined,
    times: { nameLookup: 0, connect: 0, appConnect: 0, preTransfer: 0, startTransfer: 0, redirect: 0, total: 0 },
  };
}

/** The first value of a header field of the last response; the empty string if it has none. */
export function headerValue({ headers }: Pick<TransferReport, 'headers'>, name: string): string {
  const index = headers.findIndex((text, position) => position % 2 === 0 && text === name.toLowerCase());
  return index < 0 ? '' : (headers[index + 1] ?? '');
}
