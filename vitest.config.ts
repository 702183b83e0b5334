import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { generateClient } from './scripts/generate-client.mjs';
import { generateTestOperations } from './scripts/generate-operations.mjs';

await generateClient();
await generateTestOperations();

// `npm run test:services` says so. Otherwise the embedded database and one node: what an environment happens to name may
// hold somebody's data.
const hasServices = process.env.TEST_SERVICES === '1';
if (!hasServices) {
  delete process.env.DATABASE_URL;
  delete process.env.REDIS_URL;
}

export default defineConfig({
  resolve: {
    // Without it vitest loads two copies of graphql.
    alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // What cannot run is not collected, rather than skipped: a skipped test looks like a passed one.
    exclude: [...configDefaults.exclude, 'test/browser/**', ...(hasServices ? [] : ['test/services/**'])],
    globalSetup: ['test/support/temporary-folder.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A second, which is what it is otherwise, a busy machine does not always have.
    expect: { poll: { timeout: 15_000, interval: 10 } },
    pool: 'forks',
    maxWorkers: 2,
    allowOnly: false,
  },
});
