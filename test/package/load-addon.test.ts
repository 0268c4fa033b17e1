import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { loadAddon } from '../../src/native.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('loadAddon', () => {
  it('says what it tried when there is no addon', async () => {
    const file = join(await temporaryDirectory(), 'necko_http3.node');
    vi.stubEnv('NECKO_HTTP3_ADDON', file);
    expect(loadAddon).toThrow(
      expect.objectContaining({
        code: 'ERR_NECKO_ADDON_NOT_FOUND',
        message: expect.stringContaining(`${file}: no such file`),
      }),
    );
  });

  it('has the linker\u2019s error as cause when there is one that does not load', async () => {
    const file = join(await temporaryDirectory(), 'necko_http3.node');
    await writeFile(file, 'not a library');
    vi.stubEnv('NECKO_HTTP3_ADDON', file);
    expect(loadAddon).toThrow(
      expect.objectContaining({
        code: 'ERR_NECKO_ADDON_NOT_FOUND',
        cause: expect.objectContaining({ code: 'ERR_DLOPEN_FAILED' }),
      }),
    );
  });

  it('loads once', () => {
    vi.unstubAllEnvs();
    expect(loadAddon()).toBe(loadAddon());
  });
});
