/** Messages read by others' readers: `npm run test:differential`. Wants Debian's python3, python3-gi and gir1.2-gmime-3.0. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: ['test/differential/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 1_800_000,
  },
});
