import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    name: 'soak',
    include: ['test/soak/**/*.spec.ts'],
    globalSetup: ['test/support/setup/compile.ts'],
    // One cluster at a time: the figures are about it, not about its neighbours.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
