// Turns GraphQL documents into typed ones. codegen.ts says which, and why some are committed and some are not.
// `npm run codegen` makes all of them; those of the tests are also made again wherever they are stale.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateIfStale } from './stale.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const TESTS = 'test/support/generated/operations.ts';

/** @returns {Promise<boolean>} whether they had to be generated; also false where there are no tests or no codegen, as in production */
export const generateTestOperations = async () => {
  const inputs = ['schema.graphql', 'test/support/operations.graphql', 'codegen.ts', 'package-lock.json'];
  const paths = inputs.map((input) => join(root, input));
  if (!paths.every(existsSync) || !existsSync(join(root, 'node_modules/@graphql-codegen/cli'))) return false;
  return generateIfStale({ output: join(root, TESTS), inputs: paths, generate: () => generate([TESTS]) });
};

/**
 * @param {string[]} [outputs] which of codegen.ts' outputs; all of them by default
 * @param {{ save?: boolean }} [options]
 * @returns {Promise<{ filename: string, content: string }[]>}
 */
export const generate = async (outputs, { save = true } = {}) => {
  const { tsImport } = await import('tsx/esm/api');
  const { default: config } = await tsImport('../codegen.ts', import.meta.url);
  const wanted = Object.entries(config.generates).filter(
    ([output, { documents }]) => existsSync(join(root, documents)) && (outputs?.includes(output) ?? true),
  );
  if (wanted.length === 0) return [];
  const codegen = await import('@graphql-codegen/cli');
  return codegen.generate({ ...config, cwd: root, silent: true, generates: Object.fromEntries(wanted) }, save);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await generate();
