#!/usr/bin/env node
/**
 * Sets up the checkout: tools, npm dependencies, sources, native build, JavaScript. Does nothing when all is there.
 *
 * Usage: node scripts/setup.mjs [step …]   (default: everything that running and testing needs)
 */
import { checkPlatform } from './lib/platform.mjs';

checkPlatform();
const since = Date.now();
const { setUp } = await import('./lib/setup.mjs');
const goals = process.argv.slice(2);
try {
  await setUp(goals.length > 0 ? { goals } : {});
  process.stdout.write(`Set-up: everything is there (${((Date.now() - since) / 1000).toFixed(1)} s)\n`);
} catch (error) {
  process.stderr.write(`\nSet-up failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
