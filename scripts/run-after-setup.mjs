#!/usr/bin/env node
/**
 * Runs the set-up and then a script of this repository in the same process.
 *
 * Usage: node scripts/run-after-setup.mjs SCRIPT [argument …]
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkPlatform } from './lib/platform.mjs';

checkPlatform();
const [script = '', ...rest] = process.argv.slice(2);
const { setUp } = await import('./lib/setup.mjs');
try {
  await setUp();
} catch (error) {
  process.stderr.write(`\nSet-up failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
process.argv.splice(1, process.argv.length, resolve(script), ...rest);
await import(pathToFileURL(resolve(script)).href);
