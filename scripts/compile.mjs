// Compiles a checkout for running it: into .compiled/, next to src/ and as deep, and into the client package's dist/. Node then
// runs what it would run of an installed package. A compiler in the process takes time at each start, and memory for each function
// that it names.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateIfStale } from './stale.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const OUTPUTS = [
  { source: join(root, 'src'), output: join(root, '.compiled') },
  { source: join(root, 'packages/client/src'), output: join(root, 'packages/client/dist') },
];

const modulesIn = (source) =>
  readdirSync(source, { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => join(source, path));

export const compile = async () => {
  for (const { source, output } of OUTPUTS) {
    const entryPoints = modulesIn(source);
    const generate = async () => {
      const { build } = await import('esbuild');
      rmSync(output, { recursive: true, force: true });
      await build({
        entryPoints,
        outbase: source,
        outdir: output,
        format: 'esm',
        platform: 'node',
        target: 'node20.19',
        sourcemap: true,
        logLevel: 'warning',
      });
    };
    await generateIfStale({ output, inputs: [...entryPoints, join(root, 'package-lock.json')], generate });
  }
};
