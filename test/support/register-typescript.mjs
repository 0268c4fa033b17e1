/**
 * Lets Node run this project's TypeScript as it stands: `node --import ./test/support/register-typescript.mjs file.ts`.
 * For child processes of tests, benchmarks and the demo; vitest needs nothing of the kind.
 */
import { register } from 'node:module';

register(new URL('./typescript-hooks.mjs', import.meta.url));
