/** Step: the source package, fetched, checked and unpacked as far as it is needed. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fetchSourceFile } from '../lib/apt.mjs';
import { produceDirectory } from '../lib/atomic.mjs';
import { sourcePackage } from '../lib/inputs.mjs';
import { run } from '../lib/run.mjs';

/** Bytes for tarball, unpacked sources, NSS's and cargo's build trees, with some room. */
const NEEDED_SPACE = 5e9;

/** @param {string} file @returns {Promise<string>} SHA-256 in hex */
async function sha256Of(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * @param {string} directory
 * @param {import('../lib/scheduler.mjs').StepContext} context
 * @returns {Promise<string>} the tarball
 */
async function obtainTarball(directory, { log, signal, status }) {
  const given = process.env.NECKO_HTTP3_SOURCE_TARBALL;
  if (given) return given;
  if (!existsSync('/usr/lib/apt/apt-helper')) {
    throw new Error(
      `The sources come from Debian's package ${sourcePackage.package} ${sourcePackage.version}, and this system has no ` +
        `apt. Fetch ${sourcePackage.file} elsewhere and name it: NECKO_HTTP3_SOURCE_TARBALL=/path/to/${sourcePackage.file}`,
    );
  }
  return (await fetchSourceFile(sourcePackage, directory, { log, signal, onLine: status, status })).path;
}

/**
 * @param {import('../lib/inputs.mjs').Inputs} inputs
 * @returns {import('../lib/scheduler.mjs').Step}
 */
export const sourcesStep = (inputs) => ({
  id: 'sources',
  title: `Sources (Debian's ${sourcePackage.package} ${sourcePackage.version}, 683 MB)`,
  after: [],
  tools: ['xz'],
  isDone: async () => existsSync(inputs.sources),
  run: async (context) => {
    await mkdir(dirname(inputs.sources), { recursive: true });
    const { bavail, bsize } = await statfs(dirname(inputs.sources));
    if (bavail * bsize < NEEDED_SPACE) {
      const [free, needed] = [bavail * bsize, NEEDED_SPACE].map((bytes) => (bytes / 1e9).toFixed(1));
      throw new Error(
        `${free} GB are free in ${dirname(inputs.sources)}, ${needed} GB are needed. NECKO_HTTP3_CACHE=DIR moves the cache.`,
      );
    }
    await produceDirectory(inputs.sources, async (directory) => {
      const download = join(directory, '.download');
      await mkdir(download);
      const tarball = await obtainTarball(download, context);
      context.status('checking SHA-256');
      const sha256 = await sha256Of(tarball);
      if (sha256 !== sourcePackage.sha256) {
        throw new Error(`${tarball} has SHA-256 ${sha256}, but ${sourcePackage.sha256} is wanted`);
      }
      context.status('unpacking');
      const members = sourcePackage.paths.map((path) => `firefox-*/${path}`);
      const unpack = ['--extract', '--no-same-owner', '--strip-components=1', '--directory', directory];
      const patterns = ['--wildcards', '--no-wildcards-match-slash', ...members];
      await run('tar', [...unpack, '--use-compress-program=xz -T0', '--file', tarball, ...patterns], context);
      await rm(download, { recursive: true });
    });
  },
});
