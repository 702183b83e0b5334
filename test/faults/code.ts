/** Names the code that a row of results is about: a row counts as long as that is the same, whatever becomes of its commit. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsOf, isOurs, resolveImport } from '../support/imports.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

const RESULTS = 'test/faults/results';

const isCommitted = (...paths: string[]): boolean =>
  git('status', '--porcelain', '--', ...paths, `:!${RESULTS}`) === '';

/** Of what is not committed a row says so, and does not count; the rows themselves change nothing. */
export const commit = (): string => git('rev-parse', '--short', 'HEAD') + (isCommitted('.') ? '' : '-dirty');

/** What keeps the promises: the log and all that a message passes on its way into it and out to clients. */
const ROOTS = [
  'src/log/',
  'src/bus/',
  'src/db/',
  'src/domain/messages/messages.ts',
  'src/domain/streams/',
  'src/graphql/message-changes.ts',
  'src/server/live-results.ts',
  'src/server/graphql-sockets.ts',
  'src/server/event-stream.ts',
  'packages/client/src/',
];

/** All that runs, and how it is broken. */
const GATED = [
  'src',
  'packages/client',
  'prisma',
  'scripts',
  'bin',
  'package.json',
  'package-lock.json',
  'test/faults',
  'test/support',
];

/** Paths from the root, with what each of them holds as committed. */
const committed = (...paths: string[]): Map<string, string> =>
  new Map(
    git('ls-tree', '-r', 'HEAD', '--', ...paths)
      .split('\n')
      .map((line) => /^\S+ blob (\S+)\t(.*)$/.exec(line)!)
      .map(([, blob, path]) => [path!, blob!]),
  );

/** `ROOTS` and what they import, however far; types change nothing. */
export const deliveringFiles = (): string[] => {
  const all = committed('src', 'packages/client/src');
  const delivering = new Set<string>();
  const due = ROOTS.flatMap((from) => {
    const paths = [...all.keys()].filter((path) => path.startsWith(from));
    if (paths.length === 0) throw new Error(`There is no ${from} any more: say in ROOTS where it went`);
    return paths;
  });
  for (let path = due.pop(); path !== undefined; path = due.pop()) {
    // What Prisma makes of its schema is not committed.
    if (delivering.has(path) || !all.has(path)) continue;
    delivering.add(path);
    const file = { path, text: readFileSync(join(root, path), 'utf8') };
    for (const found of importsOf(file)) {
      if (isOurs(found) && !found.isType) due.push(resolveImport(path, found.from));
    }
  }
  return [...delivering].sort();
};

const nameOf = (files: ReadonlyMap<string, string>): string => {
  const lines = [...files].map(([path, blob]) => `${blob} ${path}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 8);
};

/** For the long runs, which are not run again for each change. */
export const deliveringCode = (): string => {
  const all = committed('src', 'packages/client/src');
  return nameOf(new Map(deliveringFiles().map((path) => [path, all.get(path)!])));
};

/** For the runs that are part of `.ci/run`. */
export const gatedCode = (): string =>
  nameOf(new Map([...committed(...GATED)].filter(([path]) => !path.startsWith(RESULTS))));

/** Whether the files on disk are those of `gatedCode`. */
export const isGatedCodeCommitted = (): boolean => isCommitted(...GATED);
