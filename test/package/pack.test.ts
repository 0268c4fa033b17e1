import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const execFileAsync = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');

/** npm's own entry point, so that it runs where PATH has nothing but node. */
const NPM_CLI =
  process.env.npm_execpath ?? resolve(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');

/** An empty project with the packed package installed, and a PATH without any build tool. */
interface Consumer {
  readonly directory: string;
  /** Runs node there and returns what it printed. */
  node(...args: readonly string[]): Promise<string>;
}

async function installPacked(root: string): Promise<Consumer> {
  await execFileAsync(process.execPath, [NPM_CLI, 'pack', '--pack-destination', root], { cwd: ROOT });
  const tarball = (await readdir(root)).find((name) => name.endsWith('.tgz')) ?? '';
  const directory = join(root, 'consumer');
  const bin = join(root, 'bin');
  await mkdir(directory);
  await mkdir(bin);
  await symlink(process.execPath, join(bin, 'node'));
  await writeFile(join(directory, 'package.json'), '{ "private": true }');
  const env = { ...process.env, PATH: bin, NECKO_HTTP3_ADDON: '' };
  const node = async (...args: readonly string[]): Promise<string> =>
    (await execFileAsync(process.execPath, args, { cwd: directory, env })).stdout;
  await node(NPM_CLI, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(root, tarball));
  return { directory, node };
}

describe('the packed package, installed without build tools', () => {
  let consumer: Consumer;
  beforeAll(async () => {
    const root = await mkdtemp(join(tmpdir(), 'necko-http3-pack-'));
    consumer = await installPacked(root);
    return () => rm(root, { recursive: true, force: true });
  });

  it.each([
    ['necko-http3', 'connect'],
    ['necko-http3/server', 'createSecureServer'],
  ])('exports the same names of %s to import and require', async (specifier, name) => {
    const viaImport = await consumer.node(
      '--input-type=module',
      '--eval',
      `console.log(JSON.stringify(Object.keys(await import('${specifier}')).sort()))`,
    );
    const viaRequire = await consumer.node(
      '--input-type=commonjs',
      '--eval',
      `console.log(JSON.stringify(Object.keys(require('${specifier}')).sort()))`,
    );
    expect(JSON.parse(viaImport)).toContain(name);
    expect(JSON.parse(viaRequire)).toEqual(JSON.parse(viaImport));
  });

  it.each(['esm', 'cjs'])('loads its prebuilt addon from dist/%s', async (format) => {
    const file = join(consumer.directory, 'node_modules/necko-http3/dist', format, 'native.js');
    const versions = await consumer.node(
      '--input-type=module',
      '--eval',
      `const { loadAddon } = await import(${JSON.stringify(file)}); console.log(JSON.stringify(loadAddon().versions()))`,
    );
    expect(JSON.parse(versions)).toMatchObject({ neqo: '0.13.4', nss: '3.112.5' });
  });

  it('installs its command', async () => {
    const command = join('node_modules', '.bin', 'necko-http3');
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(await consumer.node(command, '--version')).toContain(version);
  });

  it('has no script that runs at installation, and its licence texts', async () => {
    const root = join(consumer.directory, 'node_modules/necko-http3');
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(Object.keys(scripts)).not.toEqual(expect.arrayContaining([expect.stringMatching(/install$/)]));
    expect(await readdir(root)).toEqual(
      expect.arrayContaining(['LICENSE', 'NOTICE', 'README.md', 'dist', 'prebuilds']),
    );
    expect(await readdir(root)).not.toEqual(expect.arrayContaining(['src', 'native', 'scripts', 'test']));
  });

  it('has types for both module systems', async () => {
    const use = `import { connect } from 'necko-http3';\nexport type Connect = typeof connect;\nconnect(1, 2, 3, 4);\n`;
    await writeFile(join(consumer.directory, 'esm.mts'), use);
    await writeFile(join(consumer.directory, 'cjs.cts'), use);
    const types = join(ROOT, 'node_modules/@types');
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--types', 'node', '--typeRoots', types];
    const result = await consumer.node(tsc, ...options, 'esm.mts', 'cjs.cts').catch((error) => error.stdout);
    const errors = result.split('\n').filter((line: string) => line.includes('error'));
    // The call with too many arguments shows that the types are there: an `any` would accept it.
    expect(errors).toEqual([
      expect.stringMatching(/^cjs\.cts\(3,\d+\): error TS2554/),
      expect.stringMatching(/^esm\.mts\(3,\d+\): error TS2554/),
    ]);
  });
});
