import { CliError, EXIT } from './exit-codes.js';
import type { Upload } from './upload.js';
import { parseUrl, type RequestUrl } from './url.js';

/** What a request to a redirect's target is made of. */
export interface NextRequest {
  readonly url: RequestUrl;
  readonly method: string;
  readonly upload: Upload | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether a response redirects (RFC 9110 15.4), whoever follows. */
export function isRedirect(status: number, location: string | undefined): location is string {
  return location !== undefined && REDIRECTS.has(status);
}

/**
 * The request that follows a redirect, as curl makes it: 301 and 302 turn POST into GET, 303 everything but HEAD; 307 and 308
 * change nothing. A method chosen with `-X` stays.
 *
 * @throws CliError: 1 or 3 for a target that cannot be fetched, 65 for a body that cannot be sent again
 */
export function followRedirect(
  status: number,
  location: string,
  previous: NextRequest,
  chosenMethod: string | undefined,
): NextRequest {
  const url = parseUrl(location, previous.url.href);
  const { method, upload } = previous;
  const toGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';
  if (toGet) return { url, method: chosenMethod ?? 'GET', upload: undefined };
  if (upload !== undefined && !upload.rewindable) {
    throw new CliError(EXIT.REWIND, 'The redirect needs the request body again, which cannot be rewound');
  }
  return { url, method, upload };
}
