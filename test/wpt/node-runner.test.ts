import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { runInNode } from '../../scripts/wpt/node/node-runner.js';
import type { FileResult } from '../../scripts/wpt/results.js';
import { parseTest } from '../../scripts/wpt/test-files.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Stands for testharness.js: reports what the tests give to `result`, and is complete with `done`. */
const HARNESS = `
const results = [];
let status = { status: 0, message: null };
var result = (name, passed, message = null) => {
  results.push({ name, status: passed ? 0 : 1, message });
  postMessage({ type: 'result', test: results.at(-1) });
};
var done = () => Promise.resolve(globalThis.finished).then(() => postMessage({ type: 'complete', tests: results, status }));
var timeout = () => {};
for (const type of ['error', 'unhandledrejection']) {
  addEventListener(type, ({ error, reason }) => { status = { status: 1, message: (error ?? reason).message }; });
}
`;

const INTERFACES = 'export class WebTransport {}\nexport const WebTransportLimit = 1;\nexport class Helper {}\n';

/** Runs a test with this text, and another script before it. */
async function run(text: string): Promise<FileResult> {
  const root = await temporaryDirectory();
  for (const folder of ['resources', 'webtransport', 'interfaces']) await mkdir(join(root, folder));
  await writeFile(join(root, 'resources/testharness.js'), HARNESS);
  await writeFile(join(root, 'interfaces/a.idl'), 'interface A {};');
  await writeFile(join(root, 'webtransport/helper.js'), 'const helped = true;');
  await writeFile(join(root, 'webtransport/t.any.js'), text);
  await writeFile(join(root, 'interfaces.mjs'), INTERFACES);
  return runInNode(parseTest('/webtransport/t.any.js', `// META: script=helper.js\n${text}`), {
    site: { root, host: '127.0.0.1', port: 4433 },
    module: pathToFileURL(join(root, 'interfaces.mjs')).href,
    caFile: '/dev/null',
  });
}

const passed = (name: string) => ({ name, status: 'PASS', message: undefined });

test('results come back, with the messages of those that failed', async () => {
  expect(await run(`result('a', true); result('b', false, 'why');`)).toEqual({
    file: 't.any.js',
    harness: 'OK',
    harnessMessage: undefined,
    subtests: [passed('a'), { name: 'b', status: 'FAIL', message: 'why' }],
  });
});

test('the global object is that of a dedicated worker', async () => {
  const { subtests } = await run(`
    result('self', self === globalThis);
    result('scope', self instanceof DedicatedWorkerGlobalScope && self instanceof WorkerGlobalScope);
    result('no window', !('window' in self) && !('Window' in self) && !('document' in self));
    result('location', location.href === 'https://127.0.0.1:4433/webtransport/t.any.js');
    result('interface', Object.getOwnPropertyDescriptor(self, 'WebTransport').enumerable === false);
    result('nothing else', !('Helper' in self) && !('WebTransportLimit' in self));
    result('script', helped);
  `);
  expect(subtests.filter(({ status }) => status !== 'PASS')).toEqual([]);
  expect(subtests).toHaveLength(7);
});

test('fetch reads the site, and no name is known', async () => {
  const { subtests } = await run(`
    globalThis.finished = (async () => {
      result('there', (await (await fetch('/interfaces/a.idl')).text()) === 'interface A {};');
      result('not there', (await fetch('/interfaces/b.idl')).status === 404);
      result('another site', (await fetch('https://example.com/')).status === 404);
      const dns = process.getBuiltinModule('node:dns');
      result('a name', (await new Promise((resolve) => dns.lookup('localhost', resolve))).code === 'ENOTFOUND');
    })();
  `);
  expect(subtests).toEqual([passed('there'), passed('not there'), passed('another site'), passed('a name')]);
});

test.each([
  ['unhandledrejection', `Promise.reject(new Error('lost'));`],
  ['error', `setTimeout(() => { throw new Error('lost'); });`],
])('what nobody handles is an event, and makes the file fail: %s', async (type, text) => {
  const { harness, harnessMessage } = await run(`
    ${text}
    result('a', true);
    globalThis.finished = new Promise((resolve) => addEventListener('${type}', resolve));
  `);
  expect(harness).toBe('ERROR');
  expect(harnessMessage).toBe('lost');
});

test('a process that ends early leaves what it had, and its output', async () => {
  const { harness, harnessMessage, subtests } = await run(`
    result('a', true);
    globalThis.finished = new Promise(() => undefined);
    console.log('last words');
    setTimeout(() => process.exit(7), 100);
  `);
  expect(harness).toBe('CRASH');
  expect(harnessMessage).toContain('exit code 7');
  expect(harnessMessage).toContain('last words');
  expect(subtests).toEqual([passed('a')]);
});

test('a script that does not compile is a crash', async () => {
  const { harness, harnessMessage } = await run('this is no script');
  expect(harness).toBe('CRASH');
  expect(harnessMessage).toContain('SyntaxError');
});
