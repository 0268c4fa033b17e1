import { describe, expect, it } from 'vitest';
import { isAtLeast, missingTools, missingToolsMessage } from '../../scripts/lib/tools.mjs';

const known = [
  { name: 'cmake', packages: ['cmake'], isThere: async () => false },
  { name: 'cc', packages: ['gcc', 'libc6-dev'], isThere: async () => true },
  { name: 'c++', packages: ['g++', 'libc6-dev'], isThere: async () => false },
  { name: 'rust', packages: ['rustc-web', 'cargo-web'], elsewhere: 'Rust 1.82', isThere: async () => false },
];

describe('missingTools', () => {
  it('names each missing tool once, in the order asked for', async () => {
    const missing = await missingTools(['rust', 'cc', 'cmake', 'rust'], known);
    expect(missing.map((tool) => tool.name)).toEqual(['rust', 'cmake']);
  });

  it('finds what every machine that runs these tests has', async () => {
    expect(await missingTools(['cc', 'xz', 'patch'])).toEqual([]);
  });

  it('refuses a name it does not know', async () => {
    await expect(missingTools(['cmakee'], known)).rejects.toThrow('no such tool: cmakee');
  });
});

describe('missingToolsMessage', () => {
  it('says what is missing, why it is not installed, and the exact command', async () => {
    const message = missingToolsMessage(await missingTools(['cmake', 'c++'], known), 'only root can install packages');
    expect(message.split('\n')).toEqual([
      'Missing: cmake, c++ (only root can install packages).',
      'On Debian 12 this installs all of it:',
      '  sudo apt-get update && sudo apt-get install --no-install-recommends cmake g++ libc6-dev',
    ]);
  });

  it('adds the other way to get a tool that Debian may not have', async () => {
    const message = missingToolsMessage(await missingTools(['rust'], known), 'installing them failed');
    expect(message.split('\n').at(-1)).toBe('or, Rust 1.82');
  });
});

describe('isAtLeast', () => {
  it.each([
    ['1.82.0', '1.82.0', true],
    ['1.95.0', '1.82.0', true],
    ['1.63.0', '1.82.0', false],
    ['2.0.0', '1.82.0', true],
    ['1.82.0-nightly', '1.82.0', true],
    ['1.82', '1.82.1', false],
  ])('%s against %s: %s', (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected);
  });
});
