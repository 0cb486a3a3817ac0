import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/servers/**', 'test/browser/**', 'test/interop/**', 'test/differential/**'],
    pool: 'forks',
    // Much of the time goes into waiting: for processes to start, for deadlines to pass.
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
