// Generates the Prisma client and Pothos' types from prisma/schema.prisma, without reaching for the network.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateIfStale } from './stale.mjs';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const schema = join(root, 'prisma/schema.prisma');

/** @returns {Promise<boolean>} whether it had to be generated; also false where there is no schema, as in a built image */
export const generateClient = async ({ force = false } = {}) =>
  existsSync(schema) &&
  generateIfStale({
    output: join(root, 'src/generated/prisma'),
    inputs: [schema, join(root, 'package-lock.json')],
    generate,
    force,
  });

const generate = () => {
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [require.resolve('prisma/build/index.js'), 'generate', '--no-hints'],
    { cwd: root, env: environment(), encoding: 'utf8' },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`prisma generate failed:\n${stdout}${stderr}`);
};

const environment = () => {
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  return {
    ...process.env,
    // Generating does not run the engine, but Prisma downloads it unless this names a file that exists.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    CHECKPOINT_DISABLE: '1',
    // Where Prisma finds `prisma-pothos-types`.
    [pathName]: [join(root, 'node_modules/.bin'), process.env[pathName]].filter(Boolean).join(delimiter),
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await generateClient({ force: true });
