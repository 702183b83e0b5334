// `npm run bench -- [SCENARIO…] [options]`: installs the peers and builds Parley where either is stale, then runs main.ts from source.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

const root = fileURLToPath(new URL('..', import.meta.url));
const own = fileURLToPath(new URL('.', import.meta.url));

const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** When something in this folder changed last. */
const newest = (folder) =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => changedAt(`${entry.parentPath}/${entry.name}`)),
  );

const npm = (cwd, ...args) => execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });

if (changedAt(`${own}node_modules/.package-lock.json`) < changedAt(`${own}package-lock.json`)) {
  console.error('Installing the peers …');
  npm(own, 'ci', '--no-audit', '--no-fund', '--loglevel=error');
}
if (changedAt(`${own}node_modules/.prisma/bench/index.js`) < changedAt(`${own}prisma/schema.prisma`)) {
  // Generating does not run the engine, but Prisma downloads it unless this names a file that exists.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
  execFileSync('npx', ['prisma', 'generate', '--no-hints'], { cwd: own, env, stdio: ['ignore', 'ignore', 'inherit'] });
}
if (changedAt(`${root}dist/main.js`) < newest(`${root}src`)) {
  console.error('Building Parley …');
  npm(root, 'run', 'build');
}
register({ tsconfig: `${root}tsconfig.json` });
await import('./main.ts');
