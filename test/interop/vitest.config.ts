/** Real servers, by our own start scripts: `npm run test:interop`, after `bash test/interop/install.sh`. Wants root. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { TableReporter } from './table-reporter.ts';

export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: ['test/interop/**/*.test.ts'],
    reporters: ['default', new TableReporter()],
    pool: 'forks',
    // Each file has a server of its own, and mostly waits for it.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
