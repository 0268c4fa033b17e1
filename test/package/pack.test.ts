import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeIdentity } from '../support/client.js';
import { fetchProgram } from './support/fetch-in-consumer.js';
import { type Consumer, installPacked, ROOT } from './support/packed-consumer.js';
import { sessionProgram } from './support/session-in-consumer.js';
import { BUILT_IN_USE, TYPED_USE } from './support/typed-use.js';
import { DOM_WEBTRANSPORT, TYPED_WEBTRANSPORT } from './support/webtransport-use.js';

describe('the packed package, installed without build tools', () => {
  let consumer: Consumer;
  beforeAll(async () => {
    const root = await mkdtemp(join(tmpdir(), 'necko-http3-pack-'));
    consumer = await installPacked(root);
    return () => rm(root, { recursive: true, force: true });
  });

  it.each([
    ['necko-http3', 'connect'],
    ['necko-http3', 'fetch'],
    ['necko-http3/undici', 'Http3Agent'],
    ['necko-http3/server', 'createSecureServer'],
    ['necko-http3/webtransport', 'WebTransport'],
  ])('exports the same names of %s to import and require, with %s', async (specifier, name) => {
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

  it.each([
    ['import', 'module', 'await import'],
    ['require', 'commonjs', 'require'],
  ] as const)('fetches and serves over HTTP/3 by %s, with one copy of each class', async (_, type, load) => {
    const program = fetchProgram(load, await makeIdentity());
    const printed = await consumer.node(`--input-type=${type}`, '--eval', program);
    expect(JSON.parse(printed)).toEqual({
      text: 'from the package',
      protocol: 'h3',
      refusedWithOneClass: true,
      agentOfOneClass: true,
      differing: [],
    });
  });

  it.each([
    ['import', 'module', 'await import'],
    ['require', 'commonjs', 'require'],
  ] as const)('opens a WebTransport session by %s, with one copy of each class', async (_, type, load) => {
    const program = sessionProgram(load, await makeIdentity());
    const printed = await consumer.node(`--input-type=${type}`, '--eval', program);
    expect(JSON.parse(printed)).toEqual({
      text: 'over a stream',
      closeInfo: { closeCode: 7, reason: 'from the package' },
      sessionOfOneClass: true,
      errorOfOneClass: true,
    });
  });

  it.each([
    ['necko-http3', 'undici: true', ['--input-type=module', '--eval', "import 'necko-http3'"]],
    ['necko-http3/server', 'undici: false', ['--input-type=module', '--eval', "import 'necko-http3/server'"]],
    [
      'necko-http3/webtransport',
      'undici: false',
      ['--input-type=module', '--eval', "import 'necko-http3/webtransport'"],
    ],
    ['its command', 'undici: false', ['node_modules/necko-http3/dist/esm/cli/main.js', '--version']],
  ])('loads undici where it is needed alone: %s (%s)', async (_, said, args) => {
    await writeFile(join(consumer.directory, 'loaded.cjs'), SAY_WHETHER_UNDICI_IS_LOADED);
    expect(await consumer.node('--require', './loaded.cjs', ...args)).toContain(said);
  });

  it.each([
    ['nodenext', 'es2023', ['use.mts', 'use.cts', 'built-in.mts', 'transport.mts', 'transport.cts']],
    ['nodenext', 'es2023,dom', ['use.mts', 'transport.mts', 'transport.cts', 'dom.mts', 'dom.cts']],
    ['bundler', 'es2023', ['use.mts', 'transport.mts']],
  ])('has types for module resolution %s, with lib %s', async (resolution, lib, files) => {
    const { directory } = consumer;
    for (const type of ['mts', 'cts']) {
      await writeFile(join(directory, `use.${type}`), TYPED_USE);
      await writeFile(join(directory, `transport.${type}`), TYPED_WEBTRANSPORT);
      await writeFile(join(directory, `dom.${type}`), DOM_WEBTRANSPORT);
    }
    await writeFile(join(directory, 'built-in.mts'), BUILT_IN_USE);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
    const options = ['--target', 'es2023', '--lib', lib, '--module', module, '--moduleResolution', resolution];
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
    // Declarations of dependencies are checked as well: no skipLibCheck.
    const errors = await consumer.node(tsc, '--noEmit', '--strict', ...options, ...types, ...files).then(
      () => '',
      (error) => error.stdout,
    );
    expect(errors).toBe('');
  });
});

/** For the end of a process. undici's modules are CommonJS, whoever loads them. */
const SAY_WHETHER_UNDICI_IS_LOADED = `process.on('exit', () => {
  const files = Object.keys(require.cache);
  console.log('undici: ' + files.some((file) => file.includes(require('node:path').join('node_modules', 'undici'))));
});`;
