/** The test files of the suite, and what their META comments say. */
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** Where the tests are below the root of the web platform tests. */
const FOLDER = 'webtransport';
/** Files that one text serves as window and as worker test. Others need a page. */
const ANY_GLOBAL = '.any.js';

export interface TestFile {
  /** Such as `close.https.any.js`. */
  readonly name: string;
  /** Absolute path on the site. */
  readonly path: string;
  /** Scripts to load before it, absolute paths on the site. */
  readonly scripts: readonly string[];
  /** It asked for more time. */
  readonly isLong: boolean;
  /** Kinds of global object that it is for; undefined: what it does not say, which is windows and dedicated workers. */
  readonly globals: readonly string[] | undefined;
}

/**
 * Reads the META comments that a test begins with.
 * @param path of the test on the site, which relative scripts are relative to
 */
export function parseTest(path: string, text: string): TestFile {
  const scripts: string[] = [];
  let isLong = false;
  let globals: readonly string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, key, value = ''] = /^\/\/\s*META:\s*(\w+)=(.*)$/.exec(line) ?? [];
    if (key === 'script') scripts.push(posix.resolve(posix.dirname(path), value.trim()));
    else if (key === 'timeout') isLong = value.trim() === 'long';
    else if (key === 'global') globals = value.split(',').map((name) => name.trim());
    // The comments are at the top; later ones are text like any other.
    else if (key === undefined && line.trim() !== '' && !line.startsWith('//')) break;
  }
  return { name: posix.basename(path), path, scripts, isLong, globals };
}

/** @returns whether the test is for dedicated workers, as which the host in Node poses */
export function isForWorkers({ globals }: TestFile): boolean {
  return globals === undefined || globals.some((name) => name === 'worker' || name === 'dedicatedworker');
}

/** @returns whether the test is for windows */
export function isForWindows({ globals }: TestFile): boolean {
  return globals === undefined || globals.includes('window');
}

/**
 * @param root of the web platform tests
 * @returns all tests for any global object, by name
 */
export async function listTests(root: string): Promise<TestFile[]> {
  const names = (await readdir(join(root, FOLDER))).filter((name) => name.endsWith(ANY_GLOBAL)).sort();
  return Promise.all(
    names.map(async (name) => parseTest(`/${FOLDER}/${name}`, await readFile(join(root, FOLDER, name), 'utf8'))),
  );
}

/** @returns names of the folder's tests that only a page can run */
export async function listPageTests(root: string): Promise<string[]> {
  const names = await readdir(join(root, FOLDER));
  return names.filter((name) => /[.](window[.]js|html)$/.test(name)).sort();
}
