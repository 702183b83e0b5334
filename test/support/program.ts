/**
 * Parley as a package that is installed, and the programs next to this file, compiled once in a run: a process that compiles
 * its own modules takes a second longer to start. `npm run smoke` and test/serve.test.ts start from source.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateIfStale } from '../../scripts/stale.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const installed = join(tmpdir(), 'installed');
const folder = join(installed, 'parley');

/** Where the sources in one folder go. */
const COMPILED = {
  src: 'dist',
  'packages/client/src': 'node_modules/@parley-chat/client/dist',
  'test/support': 'test/support',
};

const sourcesIn = (source: string) =>
  readdirSync(join(root, source), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));

const generate = async () => {
  const { transformWithOxc } = await import('vite');
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };

  // Not the folder around it, which holds the lock: another process would take a new one, and make all of it at the same time.
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(installed, 'node_modules'), { force: true });
  for (const path of ['package.json', 'packages/client/package.json', 'scripts', ...files]) {
    const target = path.replace(/^packages\//, 'node_modules/@parley-chat/');
    if (path !== 'dist') cpSync(join(root, path), join(folder, target), { recursive: true });
  }
  for (const [source, target] of Object.entries(COMPILED)) {
    for (const path of sourcesIn(source)) {
      const output = join(folder, target, path.replace(/\.ts$/, '.js'));
      const { code } = await transformWithOxc(readFileSync(join(root, source, path), 'utf8'), path, {
        target: 'es2022',
      });
      mkdirSync(dirname(output), { recursive: true });
      writeFileSync(output, code);
    }
  }
  // The programs import what they run as ../../src/….
  symlinkSync('dist', join(folder, 'src'));
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'));
};

await generateIfStale({
  output: folder,
  inputs: Object.keys(COMPILED).flatMap((source) => sourcesIn(source).map((path) => join(root, source, path))),
  generate,
});

/** The bin. */
export const PARLEY = join(folder, 'bin/parley.mjs');

/** @returns the program of that name next to this file, compiled */
export const programOf = (name: string): string => join(folder, 'test/support', `${name}.js`);
