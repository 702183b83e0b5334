import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/**
 * Runs one of Parley's programs in this process: from src/ where that is there, else from dist/.
 *
 * @param {'main' | 'cli/main'} program
 */
export const run = async (program) => {
  module.enableCompileCache?.(); // Node 22 and newer
  if (!existsSync(path(`src/${program}.ts`))) return import(`../dist/${program}.js`);

  const { generateClient } = await import('./generate-client.mjs');
  await generateClient();
  const { register } = await import('tsx/esm/api');
  register({ tsconfig: path('tsconfig.json') }); // not that of the directory it was started in
  return import(`../src/${program}.ts`);
};
