import { defineConfig } from 'vitest/config';

// The only default export of the repository: vitest reads its configuration from there.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real sockets and native objects: a process per file, so that a crash names the file that caused it.
    pool: 'forks',
    // Peers and the native addon share two cores with the tests; more workers only make them wait for one another.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
