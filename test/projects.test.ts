/** Which tests run where: `vitest.projects.ts`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { projectOf, projects } from '../vitest.projects.js';
import { importsOf, isOurs, resolveImport } from './support/imports.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const tests = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
  .map((path) => `test/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('test/browser/'));

/** The files that one leads to, types aside. */
const reachOf = (path: string, seen = new Set<string>()): Set<string> => {
  if (seen.has(path) || !path.endsWith('.ts') || !existsSync(root + path)) return seen;
  seen.add(path);
  for (const imported of importedBy(path)) reachOf(imported, seen);
  return seen;
};

const known = new Map<string, string[]>();

/** Read once, however many lead to it. */
const importedBy = (path: string): string[] => {
  const before = known.get(path);
  if (before !== undefined) return before;
  const imports = importsOf({ path, text: readFileSync(root + path, 'utf8') });
  const paths = imports.filter((found) => isOurs(found) && !found.isType).map(({ from }) => resolveImport(path, from));
  known.set(path, paths);
  return paths;
};

it('a test that is run without a database has none', () => {
  const pure = tests.filter((path) => projectOf(path) === 'pure');

  expect(pure.length).toBeGreaterThan(30);
  expect(pure.filter((path) => reachOf(path).has('test/support/database.ts'))).toEqual([]);
});

it('each name is that of a test, or of a folder of tests', () => {
  const isOfTests = (name: string) =>
    tests.some(
      (path) =>
        path === `test/${name}.test.ts` || ((name === '' || name.endsWith('/')) && path.startsWith(`test/${name}`)),
    );

  for (const { tests: names } of Object.values(projects)) expect(names.filter((name) => !isOfTests(name))).toEqual([]);
});

it('tests of several nodes are run with PostgreSQL and Redis', () => {
  const apart = tests.filter((path) => path.startsWith('test/services/'));

  expect(new Set(apart.map(projectOf))).toEqual(new Set(['installations', 'nodes']));
});
