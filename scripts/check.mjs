// What to run between two edits: types, the tests without a database, and of the files that differ from the last commit ESLint, Prettier and
// those that are tests. All of it is `.ci/run`.
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);

/** @returns whether it went well; what it printed is shown where it did not */
const run = (name, command, ...args) =>
  new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(command, args, { cwd: root, shell: process.platform === 'win32' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      console.log(`${code === 0 ? '' : output}${code === 0 ? 'ok' : 'FAILED'}  ${name}, ${seconds} s`);
      resolve(code === 0);
    });
  });

const changed = [
  ...git('diff', '--name-only', '--diff-filter=d', 'HEAD'),
  ...git('ls-files', '--others', '--exclude-standard'),
];
const code = changed.filter((path) => /\.(ts|tsx|mjs|js)$/.test(path));
const tests = code.filter((path) => /^test\/(?!services\/|browser\/).*\.test\.ts$/.test(path));

/** One after the other, for there are two at a time. */
const inTurn = async (...steps) => {
  const results = [];
  for (const step of steps) results.push(await step());
  return results.every(Boolean);
};

const results = await Promise.all([
  inTurn(
    () => run('types', 'npm', 'run', 'types'),
    () => changed.length === 0 || run('format', 'npx', 'prettier', '--check', '--ignore-unknown', ...changed),
    () => code.length === 0 || run('lint', 'npx', 'eslint', '--max-warnings', '0', '--no-warn-ignored', ...code),
  ),
  inTurn(
    () => run('tests without a database', 'npx', 'vitest', 'run', '--project', 'pure'),
    () => tests.length === 0 || run('changed tests', 'npx', 'vitest', 'run', ...tests),
  ),
]);
process.exitCode = results.every(Boolean) ? 0 : 1;
