/**
 * What each build result depends on, and so what it is called and where it lies. Computed from file contents only.
 */
import { join } from 'node:path';
import { hashFiles, keyOf } from './keys.mjs';
import { cacheRoot, projectRoot } from './layout.mjs';

/** Debian's source package that carries neqo 0.13.4 with every crate it needs, NSS 3.112.5, NSPR and web platform tests. */
export const sourcePackage = {
  package: 'firefox-esr',
  version: '140.12.0esr-1~deb12u1',
  suite: 'bookworm',
  file: 'firefox-esr_140.12.0esr.orig.tar.xz',
  sha256: '5c72347381233dcc97cbd02c0324116258769d8b9b0f869fd0c6f1d59519ce2a',
  /** What is taken from it; the rest of Firefox is not unpacked. */
  paths: [
    'Cargo.lock',
    'LICENSE',
    'build/rust',
    'nsprpub',
    'security/nss',
    'third_party/rust',
    'testing/web-platform/tests/common',
    'testing/web-platform/tests/interfaces',
    'testing/web-platform/tests/resources',
    'testing/web-platform/tests/webtransport',
  ],
};

/** Arguments of NSS's build script: optimised static libraries, no unit tests; Debian has no command "python". */
export const nssBuildArguments = ['--static', '-o', '-Ddisable_tests=1', '--python=python3'];

/** Cargo profile of the library; it inherits "dev", because neqo-crypto links NSS statically only then. */
export const cargoProfile = 'release-native';

/**
 * @typedef {object} Inputs
 * @property {string} sources directory of the unpacked sources
 * @property {string} crates directory of the patched crates and of the generated cargo configuration
 * @property {string} nss directory with `dist/`
 * @property {string} cargoTarget cargo's target directory
 * @property {string} neqo directory with the static library
 * @property {string} addonKey
 * @property {string} distKey
 */

/** @returns {Promise<Inputs>} directories (absolute) and keys for the present state of the checkout */
export async function readInputs() {
  const cache = cacheRoot();
  /** @param {...string} paths */
  const hash = (...paths) => hashFiles(projectRoot, paths);
  const [patches, nssPatches, cargoLock, ffi, addon, packages, typescript] = await Promise.all([
    hash('native/patches/neqo'),
    hash('native/patches/nss'),
    hash('native/neqo-ffi/Cargo.lock'),
    hash('native/neqo-ffi/Cargo.toml', 'native/neqo-ffi/Cargo.lock', 'native/neqo-ffi/src', 'native/neqo-ffi/build.rs'),
    hash('native/addon', 'native/neqo-ffi/include', 'CMakeLists.txt'),
    hash('package-lock.json'),
    hash('src', 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/steps/dist.mjs'),
  ]);
  const platform = `${process.platform}-${process.arch}`;
  const sourcesKey = keyOf(sourcePackage.sha256, ...sourcePackage.paths);
  // The cache's place is in it: the generated configuration has absolute paths.
  const cratesKey = keyOf(sourcesKey, patches, cargoLock, cache);
  const nssKey = keyOf(sourcesKey, platform, nssPatches, ...nssBuildArguments);
  const neqoKey = keyOf(cratesKey, nssKey, ffi, cargoProfile);
  return {
    sources: join(cache, `sources-${sourcesKey}`),
    crates: join(cache, `crates-${cratesKey}`),
    nss: join(cache, `nss-${nssKey}`),
    // Cargo takes a crate of a directory source for unchanged as long as its version is: other patches, other directory.
    cargoTarget: join(cache, `target-${keyOf(cratesKey, nssKey)}`),
    neqo: join(cache, `neqo-${neqoKey}`),
    addonKey: keyOf(neqoKey, addon, packages, projectRoot),
    distKey: keyOf(typescript, packages),
  };
}
