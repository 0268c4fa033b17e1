/** The web platform tests as the site that they expect to be served from. */
import { readFile } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import type { TestFile } from './test-files.js';

/** Folders that are served; nothing else of the sources is. */
const FOLDERS = ['webtransport', 'resources', 'common', 'interfaces'];
/** What the suite's own server answers with another file. */
const ALIASES: Readonly<Record<string, string>> = { '/resources/WebIDLParser.js': '/resources/webidl2/lib/webidl2.js' };
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.idl': 'text/plain; charset=utf-8',
};
/** The hook that the suite leaves to whoever runs it; ours hands the results of the page over. */
const REPORT = '/resources/testharnessreport.js';
const WINDOW_SUFFIX = '.any.html';

export interface SiteFile {
  readonly type: string;
  readonly body: string;
}

export interface SiteOptions {
  /** Root of the web platform tests. */
  readonly root: string;
  /** Name that the site is reached by. */
  readonly host: string;
  /** The port of the pages and of the WebTransport server, which are one. */
  readonly port: number;
}

/** Address of a test's page. */
export function windowPath({ path }: TestFile): string {
  return path.replace(/[.]any[.]js$/, WINDOW_SUFFIX);
}

export class Site {
  readonly #root: string;
  readonly #host: string;
  readonly #port: number;
  readonly #pages: ReadonlyMap<string, TestFile>;

  /** @param tests those that get a page */
  constructor({ root, host, port }: SiteOptions, tests: readonly TestFile[] = []) {
    this.#root = root;
    this.#host = host;
    this.#port = port;
    this.#pages = new Map(tests.map((test) => [windowPath(test), test]));
  }

  get origin(): string {
    return `https://${this.#host}:${this.#port}`;
  }

  /** @param path absolute, without query @returns undefined if there is no such file */
  async read(path: string): Promise<SiteFile | undefined> {
    const page = this.#pages.get(path);
    if (page !== undefined) return { type: 'text/html; charset=utf-8', body: windowPage(page) };
    if (path === REPORT) return { type: 'text/javascript; charset=utf-8', body: REPORT_SCRIPT };
    const file = posix.normalize(ALIASES[path] ?? path);
    if (!FOLDERS.includes(file.split('/')[1] ?? '')) return undefined;
    const body = await readFile(join(this.#root, file), 'utf8').catch(() => undefined);
    if (body === undefined) return undefined;
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    return { type, body: file.includes('.sub.') ? this.#substitute(body) : body };
  }

  /** Fills in what the suite's server knows: `{{host}}`, `{{ports[https][0]}}` and the like. */
  #substitute(text: string): string {
    return text.replace(/\{\{\s*([^}]*?)\s*\}\}/g, (_, expression: string) => {
      if (/^ports\[(https|webtransport-h3)\]\[0\]$/.test(expression)) return String(this.#port);
      // Other servers and domains do not exist here, and no test for any global object asks for one.
      return expression === 'host' ? this.#host : `${expression}.invalid`;
    });
  }
}

/** The page that runs a test in a window. */
function windowPage({ path, scripts, isLong }: TestFile): string {
  const sources = ['/resources/testharness.js', REPORT, ...scripts, path];
  return [
    '<!doctype html>',
    '<meta charset="utf-8">',
    ...(isLong ? ['<meta name="timeout" content="long">'] : []),
    `<title>${path}</title>`,
    '<body>',
    ...sources.map((source) => `<script src="${source}"></script>`),
    '',
  ].join('\n');
}

/** Leaves the results where the browser's driver asks for them: the promise `finishedTests`. */
const REPORT_SCRIPT = `
globalThis.finishedTests = new Promise((resolve) => {
  const plain = ({ name, status, message }) => ({ name, status, message });
  add_completion_callback((tests, status) => resolve({ tests: tests.map(plain), status: plain(status) }));
});
setup({ output: false, timeout_multiplier: 3 });
`;
