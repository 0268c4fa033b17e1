import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';

const execFileAsync = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');

/** Names of the rules that a small tree of sources breaks. */
async function violatedRules(files: Readonly<Record<string, string>>): Promise<string[]> {
  const root = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  await copyFile(join(ROOT, '.dependency-cruiser.mjs'), join(root, '.dependency-cruiser.mjs'));
  await copyFile(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'));
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const depcruise = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [depcruise, 'src', '--config', '.dependency-cruiser.mjs', '--output-type', 'err'];
  const result = await execFileAsync(process.execPath, args, { cwd: root }).catch((error) => error);
  return [...new Set([...result.stdout.matchAll(/^\s*error ([\w-]+):/gm)].map((match) => String(match[1])))].sort();
}

const user = (path: string): string => `export * from '${path}';\n`;

describe('dependency rules', () => {
  it('accept imports that point downwards', async () => {
    expect(
      await violatedRules({
        'src/index.ts': user('./client/connect.js'),
        'src/client/connect.ts': user('../session/session.js') + user('../errors.js'),
        'src/session/session.ts': user('../native.js'),
        'src/native.ts': user('./errors.js'),
        'src/errors.ts': 'export const code = 1;\n',
      }),
    ).toEqual([]);
  });

  it('refuse an import of a higher layer, of a type too', async () => {
    expect(
      await violatedRules({
        'src/transport/socket.ts': `import type { Session } from '../session/session.js';\nexport type Owner = Session;\n`,
        'src/session/session.ts': 'export interface Session { id: number }\n',
      }),
    ).toEqual(['transport-imports-downwards-only']);
  });

  it('refuse a cycle between files of one layer', async () => {
    expect(
      await violatedRules({
        'src/http/a.ts': user('./b.js'),
        'src/http/b.ts': user('./c.js'),
        'src/http/c.ts': user('./a.js'),
      }),
    ).toEqual(['no-cycles']);
  });

  it('refuse one front in another, test code in the product, and a file that nothing uses', async () => {
    expect(
      await violatedRules({
        'src/server/server.ts': user('../client/connect.js') + user('../../test/support/random.js'),
        'src/client/connect.ts': 'export const connect = 1;\n',
        'src/http/unused.ts': 'export const unused = 1;\n',
        'test/support/random.ts': 'export const random = 4;\n',
      }),
    ).toEqual(['fronts-are-independent', 'no-orphans', 'product-imports-product-only']);
  });
});
