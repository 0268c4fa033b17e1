import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../scripts/lib/layout.mjs';
import { runProgram } from '../support/run-child.js';

const ADDON = join(projectRoot, 'build/Release/necko_http3.node');

/** Names of the dynamic symbol table, without versions. */
async function dynamicSymbols(...options: string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await runProgram('nm', ['-D', '--without-symbol-versions', ...options, ADDON]);
  if (exitCode !== 0) throw new Error(`nm failed: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).at(-1) ?? '');
}

// NSS and its SQLite define names that the node executable exports, too (HMAC_Init, sqlite3_open …): neither may find the other's.
test("the addon exports Node-API's two entry points and nothing of NSS, SQLite or OpenSSL", async () => {
  expect((await dynamicSymbols('--defined-only')).sort()).toEqual([
    'napi_register_module_v1',
    'node_api_module_get_api_version_v1',
  ]);
});

test('the addon takes nothing of OpenSSL, SQLite, NSS or V8 from outside: one binary serves every version of Node', async () => {
  const names = await dynamicSymbols('--undefined-only');
  expect(names).toContain('napi_create_object');
  const foreign =
    /^(sqlite3_|SSL_|EVP_|HMAC|SHA\d|RSA_|X509|OPENSSL|CRYPTO_|BIO_|PK11_|SEC|NSS|PR_|PORT_|_ZN2v8|_ZN4node)/;
  expect(names.filter((name) => foreign.test(name))).toEqual([]);
});
