import { CliError, EXIT } from './exit-codes.js';

/** A URL of the command line or of a redirect, taken apart. */
export interface RequestUrl {
  /** Without user, password and fragment. */
  readonly href: string;
  readonly origin: string;
  /** Host as in the URL, without brackets. */
  readonly host: string;
  readonly port: number;
  /** `:path`. */
  readonly path: string;
  /** `user:password` of the URL, decoded. */
  readonly credentials: string | undefined;
}

const DEFAULT_PORT = 443;

/**
 * Reads a URL; https is assumed where no scheme is given.
 *
 * @param base the URL of the redirecting response, for relative ones
 * @throws CliError with exit code 3 if it is no URL, 1 if it is not https
 */
export function parseUrl(text: string, base?: string): RequestUrl {
  // As curl: white space and control characters are errors, not something to mend.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (text === '' || /[\u0000-\u0020\u007f]/.test(text)) throw malformed();
  let url: URL;
  try {
    const absolute = base !== undefined || /^[^/?#]*:\/\//.test(text) ? text : `https://${text}`;
    url = new URL(absolute, base);
  } catch {
    throw malformed();
  }
  if (url.protocol !== 'https:') {
    const protocol = url.protocol.slice(0, -1);
    throw new CliError(EXIT.UNSUPPORTED_PROTOCOL, `Protocol "${protocol}" not supported: HTTP/3 needs an https URL`);
  }
  const credentials = url.username === '' ? undefined : decodeCredentials(url);
  url.username = '';
  url.password = '';
  url.hash = '';
  return {
    href: url.href,
    origin: url.origin,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    path: url.pathname + url.search,
    credentials,
  };
}

/** The same URL with `query` added to its query. */
export function withQuery(url: RequestUrl, query: string): RequestUrl {
  const changed = new URL(url.href);
  changed.search = changed.search === '' ? query : `${changed.search}&${query}`;
  return { ...url, href: changed.href, path: changed.pathname + changed.search };
}

/** The same URL with a file's name appended if its path ends with '/': where curl uploads to. */
export function withUploadName(url: RequestUrl, fileName: string): RequestUrl {
  const changed = new URL(url.href);
  if (!changed.pathname.endsWith('/')) return url;
  changed.pathname += encodeURIComponent(fileName);
  return { ...url, href: changed.href, path: changed.pathname + changed.search };
}

function decodeCredentials({ username, password }: URL): string {
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw malformed();
  }
}

function malformed(): CliError {
  return new CliError(EXIT.MALFORMED_URL, 'URL using bad/illegal format or missing URL');
}
