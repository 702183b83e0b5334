import { fileURLToPath } from 'node:url';
import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { generateClient } from './scripts/generate-client.mjs';
import { generateTestOperations } from './scripts/generate-operations.mjs';
import { NODE_ARGS } from './test/support/node-args.js';
import { projectOf, projects } from './vitest.projects.js';

await generateClient();
await generateTestOperations();

// `npm run test:services` says so. Otherwise the embedded database and one node: what an environment happens to name may
// hold somebody's data.
const hasServices = process.env.TEST_SERVICES === '1';
if (!hasServices) {
  delete process.env.DATABASE_URL;
  delete process.env.REDIS_URL;
}

const testFiles = readdirSync(fileURLToPath(new URL('test', import.meta.url)), { recursive: true, encoding: 'utf8' })
  .map((path) => `test/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('test/browser/'));

// What cannot run is not collected, rather than skipped: a skipped test looks like a passed one.
const running = Object.entries(projects).filter(([, { runs }]) => runs !== (hasServices ? 'embedded' : 'services'));

export default defineConfig({
  resolve: {
    alias: [
      // Without it vitest loads two copies of graphql.
      { find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) },
      // From source, as tsconfig.json has it: nothing need be built to test it.
      {
        find: /^@parley-chat\/client\/([\w-]+)$/,
        replacement: fileURLToPath(new URL('packages/client/src/$1.ts', import.meta.url)),
      },
    ],
  },
  test: {
    globalSetup: ['test/support/temporary-folder.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, which is what it is otherwise, a busy machine does not always have.
    expect: { poll: { timeout: 15_000, interval: 10 } },
    pool: 'forks',
    maxWorkers: 2,
    execArgv: NODE_ARGS,
    allowOnly: false,
    projects: running.map(([name, { isolate }]) => ({
      extends: true as const,
      test: { name, isolate, include: testFiles.filter((path) => projectOf(path) === name) },
    })),
  },
});
