/** What the reference pages must not leave out: options, events and error codes of the sources, and no link may lead nowhere. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WEBTRANSPORT_ERROR } from '../../src/errors.js';
import * as webTransport from '../../src/webtransport/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

/** Names of the properties of an interface, or of the object type that a type alias ends with. */
async function properties(path: string, name: string): Promise<string[]> {
  const body = new RegExp(`(?:interface|type) ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(await read(path))?.[1] ?? '';
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:(?! never)/gm)].map(([, property = '']) => property);
}

/** Text of all sources in a directory. */
async function sourcesIn(directory: string): Promise<string> {
  const names = await readdir(join(root, directory), { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts'));
  return (await Promise.all(files.map((name) => read(join(directory, name))))).join('\n');
}

/** Those of the names that are not on the page as a word. */
function missingFrom(page: string, names: Iterable<string>): string[] {
  return [...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(page));
}

/** As GitHub makes anchors of headings. */
function anchors(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('docs/server.md', () => {
  it.each([
    ['src/server/server-options.ts', 'ServerOptions'],
    ['src/server/credentials.ts', 'CredentialOptions'],
    ['src/server/tcp-options.ts', 'TcpOptions'],
    ['src/server/listen-options.ts', 'ListenOptions'],
    ['src/server/webtransport/webtransport-options.ts', 'ServerWebTransportOptions'],
  ])('has every option of %s, %s', async (path, name) => {
    const page = await read('docs/server.md');
    const options = await properties(path, name);
    expect(options).not.toEqual([]);
    expect(missingFrom(page, options)).toEqual([]);
  });

  it('has every event of the server', async () => {
    const page = await read('docs/server.md');
    const source = `${await read('src/server/http3-secure-server.ts')}${await read('src/server/server-endpoint.ts')}`;
    const emitted = [...source.matchAll(/(?:emit|#emitLater)\('(\w+)'|emitSafely\([\w.#]+, '(\w+)'/g)];
    const events = new Set(emitted.map(([, plain, safe]) => plain ?? safe));
    expect(events.size).toBeGreaterThan(10);
    expect([...events].filter((event) => !page.includes(`'${event}'`))).toEqual([]);
  });
});

describe('docs/undici.md', () => {
  it.each([
    ['src/client/dispatcher/agent-options.ts', 'Http3ClientOptions'],
    ['src/client/dispatcher/agent-options.ts', 'Http3AgentOptions'],
    ['src/client/dispatcher/agent-options.ts', 'ConnectorOptions'],
    ['src/client/dispatcher/dispatch-request.ts', 'Http3RequestExtras'],
    ['src/client/dispatcher/origin-stats.ts', 'OriginStats'],
    ['src/http/https-record.ts', 'HttpsRecord'],
  ])('has everything of %s, %s', async (path, name) => {
    const names = await properties(path, name);
    expect(names).not.toEqual([]);
    expect(missingFrom(await read('docs/undici.md'), names)).toEqual([]);
  });

  it("has every option of undici's Client and of its requests", async () => {
    const page = await read('docs/undici.md');
    const options = await undiciOptions('client', 'Options');
    const ofRequests = await undiciOptions('dispatcher', 'DispatchOptions');
    expect([options.length > 20, ofRequests.length > 10]).toEqual([true, true]);
    // undici refuses it, and has it in its types.
    expect(missingFrom(page, [...options, ...ofRequests])).toEqual(['throwOnError']);
  });

  it('has every event and channel of the dispatchers', async () => {
    const page = await read('docs/undici.md');
    const sources = await sourcesIn('src/client/dispatcher');
    const emitted = [...sources.matchAll(/(?:emit|#emitFailure)\('(\w+)'/g)].map(([, name = '']) => name);
    const channels = [...sources.matchAll(/channel\('([\w:-]+)'\)/g)].map(([, name = '']) => name);
    expect([new Set(emitted).size, channels.length]).toEqual([6, 12]);
    expect([...emitted, ...channels].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has the defaults of the sources', async () => {
    const page = await read('docs/undici.md');
    const names = ['client/dispatcher/agent-options.ts', 'session/session-probe.ts'];
    const source = (await Promise.all(names.map((name) => read(`src/${name}`)))).join('\n');
    const defaults = {
      headStart: 250,
      keepAliveTimeout: 4000,
      connectTimeout: 10_000,
      headersTimeout: 300_000,
      pingInterval: 60_000,
    };
    for (const [option, value] of Object.entries(defaults)) {
      const row = new RegExp(`^\\| \`${option}\`.*$`, 'm').exec(page)?.[0] ?? '';
      expect(row).toContain(` ${value.toLocaleString('en')} |`);
      expect(source.replaceAll('_', '')).toMatch(new RegExp(`= ${value};`));
    }
  });
});

/** Of an interface in undici's types. */
async function undiciOptions(module: string, name: string): Promise<string[]> {
  const types = await read(`node_modules/undici/types/${module}.d.ts`);
  const body = new RegExp(`export interface ${name} \\{([\\s\\S]*?)\\n {2}\\}`).exec(types)?.[1] ?? '';
  return [...body.matchAll(/^ {4}(\w+)\??: (?!never)/gm)].map(([, property = '']) => property);
}

describe('docs/fetch.md', () => {
  it.each(['ResponseConnectionInfo', 'ResponseTimings'])('has everything of %s', async (name) => {
    const names = await properties('src/client/dispatcher/connection-info.ts', name);
    expect(names).not.toEqual([]);
    expect(missingFrom(await read('docs/fetch.md'), names)).toEqual([]);
  });
});

describe('docs/api.md', () => {
  it.each([
    ['src/http/connection-options.ts', 'ConnectionOptions'],
    ['src/client/request-options.ts', 'ConnectOptions'],
    ['src/client/request-options.ts', 'RequestOptions'],
    ['src/client/request-options.ts', 'RequestLimits'],
    ['src/session/session-params.ts', 'QuicOptions'],
  ])('has everything of %s, %s', async (path, name) => {
    const names = await properties(path, name);
    expect(names).not.toEqual([]);
    expect(missingFrom(await read('docs/api.md'), names)).toEqual([]);
  });
});

describe('docs/webtransport.md', () => {
  it.each([
    'WebTransportOptions',
    'WebTransportCloseInfo',
    'WebTransportConnectionStats',
    'WebTransportDatagramStats',
    'WebTransportSendStreamStats',
    'WebTransportReceiveStreamStats',
  ])('has everything of %s', async (name) => {
    const names = await properties('src/webtransport/dictionaries.ts', name);
    expect(names).not.toEqual([]);
    expect(missingFrom(await read('docs/webtransport.md'), names)).toEqual([]);
  });

  it('has every interface and every member', async () => {
    const interfaces: [string, unknown][] = Object.entries(webTransport);
    const members = interfaces.flatMap(([name, definition]) => {
      if (typeof definition !== 'function') return [];
      const { prototype } = definition as { prototype: object };
      return [name, ...Object.getOwnPropertyNames(prototype)];
    });
    expect(members.length).toBeGreaterThan(50);
    expect(missingFrom(await read('docs/webtransport.md'), members)).toEqual([]);
  });

  it('has the defaults of the sources', async () => {
    const page = await read('docs/webtransport.md');
    const incoming = /DEFAULT_INCOMING_STREAMS = (\d+)/.exec(await read('src/webtransport/client/client-options.ts'));
    expect(page).toContain(
      `| ${Number(incoming?.[1]).toLocaleString('en')}, or \`anticipatedConcurrentIncoming…\` if `,
    );
    const options = await read('src/server/webtransport/webtransport-options.ts');
    const [, ofServer] = /MAX_STREAMS = (\d+)/.exec(options) ?? [];
    expect(page).toContain(`| ${ofServer} each: `);
    expect(await read('docs/server.md')).toContain(`| \`maxUnidirectionalStreams\` | ${ofServer} | `);
    const datagrams = await read('src/webtransport/datagram-settings.ts');
    for (const name of ['incoming', 'outgoing']) {
      const [, value] = new RegExp(`${name}MaxBuffered = (\\d+)`).exec(datagrams) ?? [];
      expect(page).toContain(`| \`${name}MaxBufferedDatagrams\` | ${Number(value).toLocaleString('en')}: `);
    }
  });
});

describe('docs/errors.md', () => {
  it("has WebTransport's own codes of HTTP/3", async () => {
    expect(missingFrom(await read('docs/errors.md'), Object.keys(WEBTRANSPORT_ERROR))).toEqual([]);
  });

  it('has every code', async () => {
    const page = await read('docs/errors.md');
    const codes = new Set(
      [
        ...(await sourcesIn('src')).matchAll(
          /'((?:ERR_(?:HTTP3?|QUIC|NEQO|TLS|SERVER|INVALID|STREAM|WEBTRANSPORT)|UND_ERR)_\w+)'/g,
        ),
      ].map(([, code = '']) => code),
    );
    // A brand of an undici class above RequestAbortedError, which is no error's code.
    codes.delete('UND_ERR_ABORT');
    expect(codes.size).toBeGreaterThan(40);
    expect([...codes].filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });

  it("names the classes that are undici's too", async () => {
    const [, branded = ''] = /UNDICI_CLASSES[\s\S]*?= \[\n([\s\S]*?)\n\];/.exec(await read('src/errors.ts')) ?? [];
    const classes = new Set([...branded.matchAll(/\[(\w+), '/g)].map(([, name = '']) => name));
    expect(classes.size).toBeGreaterThan(10);
    const [, section = ''] = (await read('docs/errors.md')).split("## undici's classes");
    // The server's own does not reach undici.
    classes.delete('ResponseContentLengthMismatchError');
    classes.delete('Http3Error');
    expect(missingFrom(section.split('\n## ')[0] ?? '', classes)).toEqual([]);
  });
});

describe('links', () => {
  it('lead to pages and headings that are there', async () => {
    const pages = new Map<string, string>([['README.md', await read('README.md')]]);
    for (const name of await readdir(join(root, 'docs'))) pages.set(join('docs', name), await read(join('docs', name)));
    const broken: string[] = [];
    for (const [from, text] of pages) {
      for (const [, page = '', anchor] of text.matchAll(/\]\((?!https?:)([\w./-]*)(?:#([\w-]+))?\)/g)) {
        const target = page === '' ? from : join(from, '..', page);
        const content = pages.get(target) ?? (await read(target).catch(() => undefined));
        const found = content !== undefined && (anchor === undefined || anchors(content).includes(anchor));
        if (!found) broken.push(`${from}: ${page}${anchor === undefined ? '' : `#${anchor}`}`);
      }
    }
    expect(broken).toEqual([]);
  });
});
