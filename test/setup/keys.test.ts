import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFiles, keyOf } from '../../scripts/lib/keys.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';

async function smallTree(): Promise<string> {
  const root = await temporaryDirectory();
  await mkdir(join(root, 'native/src'), { recursive: true });
  await writeFile(join(root, 'native/src/lib.rs'), 'fn main() {}');
  await writeFile(join(root, 'native/Cargo.toml'), '[package]');
  return root;
}

describe('hashFiles', () => {
  it('is the same for the same contents, whatever their times', async () => {
    const root = await smallTree();
    const before = await hashFiles(root, ['native']);
    await utimes(join(root, 'native/Cargo.toml'), 1, 1);
    expect(await hashFiles(root, ['native'])).toBe(before);
    expect(await hashFiles(await smallTree(), ['native'])).toBe(before);
  });

  it('changes with a content, a name, and a new file', async () => {
    const root = await smallTree();
    const seen = [await hashFiles(root, ['native'])];
    await writeFile(join(root, 'native/src/lib.rs'), 'fn main() { }');
    seen.push(await hashFiles(root, ['native']));
    await rename(join(root, 'native/src/lib.rs'), join(root, 'native/src/main.rs'));
    seen.push(await hashFiles(root, ['native']));
    await writeFile(join(root, 'native/src/empty.rs'), '');
    seen.push(await hashFiles(root, ['native']));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('tells where one file ends and the next begins', async () => {
    const first = await temporaryDirectory();
    await writeFile(join(first, 'a'), 'xy');
    await writeFile(join(first, 'b'), 'z');
    const second = await temporaryDirectory();
    await writeFile(join(second, 'a'), 'x');
    await writeFile(join(second, 'b'), 'yz');
    expect(await hashFiles(first, ['a', 'b'])).not.toBe(await hashFiles(second, ['a', 'b']));
  });

  it('looks at the named paths only, and takes a missing one for empty', async () => {
    const root = await smallTree();
    const before = await hashFiles(root, ['native/src', 'native/patches']);
    await writeFile(join(root, 'native/Cargo.toml'), '[lib]');
    expect(await hashFiles(root, ['native/src', 'native/patches'])).toBe(before);
  });
});

describe('keyOf', () => {
  it('keeps its parts apart', () => {
    expect(keyOf('ab', 'c')).not.toBe(keyOf('a', 'bc'));
    expect(keyOf('a', 'b')).toMatch(/^[0-9a-f]{16}$/);
  });
});
