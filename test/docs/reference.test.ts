/** What the reference pages must not leave out: options, events and error codes of the sources, and no link may lead nowhere. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

/** Names of the properties of an interface. */
async function properties(path: string, name: string): Promise<string[]> {
  const body = new RegExp(`interface ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(await read(path))?.[1] ?? '';
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, property = '']) => property);
}

/** Text of all sources of the server. */
async function serverSources(): Promise<string> {
  const names = await readdir(join(root, 'src/server'), { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts'));
  return (await Promise.all(files.map((name) => read(join('src/server', name))))).join('\n');
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
  ])('has every option of %s, %s', async (path, name) => {
    const page = await read('docs/server.md');
    const options = await properties(path, name);
    expect(options).not.toEqual([]);
    expect(options.filter((option) => !new RegExp(`\\b${option}\\b`).test(page))).toEqual([]);
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

describe('docs/errors.md', () => {
  it('has every code of the server and of connections', async () => {
    const page = await read('docs/errors.md');
    const sources = `${await serverSources()}${await read('src/errors.ts')}${await read('src/session/close-reason.ts')}`;
    const codes = new Set(
      [...sources.matchAll(/'((?:ERR_(?:HTTP3?|QUIC|NEQO|TLS|SERVER|INVALID|STREAM)|UND_ERR)_\w+)'/g)].map(
        ([, code]) => code,
      ),
    );
    expect(codes.size).toBeGreaterThan(30);
    expect([...codes].filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
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
