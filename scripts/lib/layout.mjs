/**
 * Where things are: the checkout, and the cache outside it that holds what takes long to fetch or to build.
 */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout, absolute. */
export const projectRoot = resolve(fileURLToPath(new URL('../../', import.meta.url)));

/**
 * Root of the cache: `$NECKO_HTTP3_CACHE`, or `necko-http3` below `$XDG_CACHE_HOME` or `~/.cache`.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [home]
 * @returns {string} absolute path; the directory may not exist yet
 */
export function cacheRoot(env = process.env, home = homedir()) {
  if (env.NECKO_HTTP3_CACHE) return resolve(env.NECKO_HTTP3_CACHE);
  // The XDG specification tells programs to ignore a relative path there.
  const base = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(home, '.cache');
  return join(base, 'necko-http3');
}
