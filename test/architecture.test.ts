/** The shape that ARCHITECTURE.md tells of: layers one way, and each library in its place. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf, isOurs, resolveImport, type SourceFile } from './support/imports.js';

/** What each layer may import beside itself. `generated` is what Prisma makes of its schema; `common` is for all of them. */
const LAYERS: Record<string, readonly string[]> = {
  main: ['app', 'settings', 'process', 'common'],
  cli: ['cli/chat', 'main', 'demo', 'import', 'domain', 'log', 'bus', 'db', 'files', 'settings', 'process', 'common'],
  'cli/chat': [], // a client as anyone could write it
  app: ['metrics', 'server', 'graphql', 'demo', 'domain', 'log', 'bus', 'db', 'files', 'settings', 'common'],
  metrics: ['common'],
  server: ['graphql', 'domain', 'log', 'bus', 'db', 'common'],
  graphql: ['domain', 'log', 'bus', 'db', 'generated', 'common'],
  demo: ['domain', 'log', 'bus', 'db', 'files', 'generated', 'settings', 'common'],
  import: ['domain', 'log', 'db', 'generated', 'common'],
  domain: ['log', 'bus', 'db', 'files', 'generated', 'common'],
  log: ['bus', 'db', 'generated', 'common'],
  bus: ['common'],
  db: ['generated', 'common'],
  files: ['common'],
  settings: ['common'],
  process: ['settings', 'common'],
  generated: [],
  common: [],
};

/** What each room of `domain` may import beside itself and what lies directly in `domain`, which is for all rooms. */
const ROOMS: Record<string, readonly string[]> = {
  rules: [],
  accounts: [],
  files: ['accounts', 'rules'],
  messages: ['rules'],
  chats: ['messages', 'accounts', 'rules'],
  notifications: ['messages'],
  search: ['messages', 'rules'],
  streams: ['notifications', 'rules'],
};

/** The files that lie directly in src/. */
const FILES: Record<string, string> = {
  'main.ts': 'main',
  'serve.ts': 'main',
  'app.ts': 'app',
  'trusted-keys.ts': 'app',
  'config.ts': 'settings',
  'misspelt.ts': 'settings',
  'setting.ts': 'settings',
  'settings.ts': 'settings',
  'settings-text.ts': 'settings',
  'secret.ts': 'settings',
  'secret-file.ts': 'settings',
  'exit-codes.ts': 'process',
  'failure.ts': 'process',
  'logger.ts': 'process',
  'process.ts': 'process',
  'clamd-url.ts': 'common',
  'database-url.ts': 'common',
  'line-output.ts': 'common',
  'counted-logger.ts': 'common',
  'meters.ts': 'common',
  'doctor-proof.ts': 'common',
  'files-url.ts': 'common',
  'finding.ts': 'common',
  'log-line.ts': 'common',
  'machine.ts': 'common',
  'open-files.ts': 'common',
  'redact.ts': 'common',
  'redis-url.ts': 'common',
  'turn-time.ts': 'common',
  'version.ts': 'common',
  'within.ts': 'common',
};

/** Where a package may be imported; those that are not named may be anywhere. */
const PACKAGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^@pothos\//, ['graphql']],
  [/^(graphql-yoga|@graphql-yoga\/.*)$/, ['server']],
  [/^ws$/, ['server', 'cli', 'cli/chat']],
  [/^graphql-ws$/, ['server', 'cli/chat']],
  [/^@parley-chat\//, ['cli/chat']],
  [/^(ioredis|graphql-redis-subscriptions|graphql-subscriptions)$/, ['bus']],
  [/^(graphql|graphql-scalars|@escape\.tech\/.*)$/, ['graphql', 'server', 'cli/chat']],
  [/^node:https?$/, ['server', 'metrics']],
  [/^prom-client$/, ['metrics']],
  [/^(pg|pglite-prisma-adapter|@electric-sql\/.*|@prisma\/.*)$/, ['db', 'generated', 'graphql']],
  [/^(commander|cli-progress)$/, ['cli']],
  [/^(aws4fetch|file-type|sharp|thumbhash)$/, ['files']],
];

const READS_ENVIRONMENT = ['config.ts', 'main.ts'];

const layerOf = (path: string): string => {
  if (!path.includes('/')) return FILES[path] ?? `src/${path}`;
  if (path.startsWith('cli/chat/')) return 'cli/chat';
  return path.split('/', 1)[0]!;
};

const roomOf = (path: string) => /^domain\/(\w+)\//.exec(path)?.[1];

/** Puts all rooms together, and is imported by none. */
const HOUSE = 'domain/domain.ts';

/** Between files of one layer. */
const isWithinRooms = (path: string, target: string): boolean => {
  if (path === HOUSE) return true;
  if (target === HOUSE) return false;
  const [room, other] = [roomOf(path), roomOf(target)];
  return other === undefined || room === other || (room !== undefined && ROOMS[room]!.includes(other));
};

/** What is wrong with one file: empty where nothing is. */
const wrongImports = (file: SourceFile): string[] => {
  const layer = layerOf(file.path);
  const below = LAYERS[layer];
  if (below === undefined) return [`${file.path} lies in no known layer`];
  return importsOf(file).flatMap((found) => {
    if (isOurs(found)) {
      const target = resolveImport(file.path, found.from);
      if (target.startsWith('..')) return [`${file.path} imports ${found.from}, outside of src`];
      const other = layerOf(target);
      const isAllowed = other === layer ? isWithinRooms(file.path, target) : below.includes(other);
      return isAllowed ? [] : [`${file.path} (${layer}) imports ${target} (${other})`];
    }
    const places = PACKAGES.find(([packages]) => packages.test(found.from))?.[1];
    return places === undefined || places.includes(layer) ? [] : [`${file.path} (${layer}) imports ${found.from}`];
  });
};

const readsEnvironment = ({ path, text }: SourceFile): boolean =>
  !READS_ENVIRONMENT.includes(path) &&
  /\bprocess\s*\??\.\s*env\b|\bprocess\[['"]env|\benv\b[^;]*\bfrom 'node:process'|\benv\b[^;]*= process\b/.test(text);

/** Each cycle once, as the way around it. */
const cyclesOf = (files: readonly SourceFile[]): string[][] => {
  const edges = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter(isOurs)
        .map(({ from }) => resolveImport(file.path, from)),
    ]),
  );
  const cycles: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]) => {
    if (way.includes(path)) return void cycles.push([...way.slice(way.indexOf(path)), path]);
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return cycles;
};

const src = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.startsWith('generated/'))
  .map((path): SourceFile => ({ path, text: readFileSync(`${src}/${path}`, 'utf8') }));

/** What an entry of the client package may import, with all that it leads to: the libraries that its user has. */
const CLIENT_PACKAGES = (entry: string): RegExp => {
  if (entry === 'apollo.ts') return /^(@apollo\/client(\/.*)?|graphql|graphql-ws)$/;
  if (entry === 'urql.ts') return /^(@urql\/.*|graphql|graphql-ws)$/;
  return /^graphql-ws$/;
};

/** The files that an entry leads to, itself included. */
const reachOf = (entry: string, modules: readonly SourceFile[], seen = new Set<string>()): SourceFile[] => {
  const file = modules.find(({ path }) => path === entry);
  if (file === undefined || seen.has(entry)) return [];
  seen.add(entry);
  const next = importsOf(file).filter(isOurs);
  return [file, ...next.flatMap(({ from }) => reachOf(resolveImport(entry, from), modules, seen))];
};

const wrongClientImports = (entry: string, modules: readonly SourceFile[]): string[] =>
  reachOf(entry, modules).flatMap((file) =>
    importsOf(file)
      .filter((found) =>
        isOurs(found)
          ? resolveImport(file.path, found.from).startsWith('..')
          : !CLIENT_PACKAGES(entry).test(found.from),
      )
      .map(({ from }) => `${entry}: ${file.path} imports ${from}`),
  );

describe('The architecture', () => {
  it('has arrows in one direction, and each library in its place', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap(wrongImports)).toEqual([]);
  });

  it('has a client package whose entries know the library that they are for, and nothing of the server', () => {
    const folder = fileURLToPath(new URL('../packages/client/', import.meta.url));
    const { exports } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const modules = readdirSync(`${folder}src`).map((path): SourceFile => ({
      path,
      text: readFileSync(`${folder}src/${path}`, 'utf8'),
    }));
    const entries = Object.keys(exports)
      .map((name) => `${name.slice(2)}.ts`)
      .filter((entry) => !entry.endsWith('.json.ts'));

    expect(entries).toEqual(expect.arrayContaining(['apollo.ts', 'follow.ts', 'session.ts', 'urql.ts']));
    expect(entries.filter((entry) => reachOf(entry, modules).length === 0)).toEqual([]);
    expect(entries.flatMap((entry) => wrongClientImports(entry, modules))).toEqual([]);
  });

  it('reads the environment in one place', () => {
    expect(files.filter(readsEnvironment).map(({ path }) => path)).toEqual([]);
  });

  it('has no files that need each other, other than the types of the schema, which do', () => {
    const isOfSchema = (path: string) => layerOf(path) === 'graphql';

    expect(cyclesOf(files).filter((cycle) => !cycle.every(isOfSchema))).toEqual([]);
  });

  it('names no room that is not there, and each that is', () => {
    const there = new Set(files.map(({ path }) => roomOf(path)).filter((room) => room !== undefined));
    expect([...there].sort()).toEqual(Object.keys(ROOMS).sort());
  });

  it('names no file of src/ that is not there', () => {
    const there = files.map(({ path }) => path);
    expect(Object.keys(FILES).filter((path) => !there.includes(path))).toEqual([]);
  });
});

describe('These checks', () => {
  const planted = (path: string, text: string) => wrongImports({ path, text });

  it.each([
    ['domain/chats/chats.ts', `import { schema } from '../../graphql/schema.js';`],
    ['domain/chats/chats.ts', `import type { Request } from '../../graphql/context.js';`],
    ['domain/chats/chats.ts', `import { GraphQLError } from 'graphql';`],
    ['domain/chats/chats.ts', `const { Redis } = await import('ioredis');`],
    ['domain/rules/policy.ts', `import { createMessages } from '../messages/messages.js';`],
    ['domain/messages/typing.ts', `import type { Streams } from '../streams/streams.js';`],
    ['domain/text.ts', `import { canSee } from './rules/policy.js';`],
    ['log/tail.ts', `export { canSee } from '../domain/policy.js';`],
    ['bus/memory.ts', `import { openDatabase } from '../db/open.js';`],
    ['graphql/chat.ts', `let sockets: import('../server/sockets.js').Sockets;`],
    ['graphql/chat.ts', `import { createYoga } from 'graphql-yoga';`],
    ['server/yoga.ts', `import SchemaBuilder from '@pothos/core';`],
    ['server/server.ts', `import { createApp } from '../app.js';`],
    ['cli/chat/room.ts', `import { encodeCursor } from '../../log/cursor.js';`],
    ['cli/demo.ts', `import { createClient } from 'graphql-ws';`],
    ['domain/chats/chats.ts', `import { WebSocket } from 'ws';`],
    ['helpers.ts', ``],
  ])('find what is wrong in %s: %s', (path, text) => {
    expect(planted(path, text)).toHaveLength(1);
  });

  it.each([
    [
      'domain/chats/chats.ts',
      `import { canSee } from '../rules/policy.js'; import { NotFoundError } from '../errors.js';`,
    ],
    ['domain/chats/chats.ts', `import { createTail } from '../../log/tail.js';`],
    ['cli/chat/room.ts', `import { createClient } from 'graphql-ws';`],
    ['bus/redis.ts', `import { Redis } from 'ioredis'; // import '../db/open.js'`],
  ])('find nothing wrong in %s: %s', (path, text) => {
    expect(planted(path, text)).toEqual([]);
  });

  it.each([
    `process.env.PORT`,
    `process['env'].PORT`,
    `import { env } from 'node:process';`,
    `const { env } = process;`,
  ])('find the environment read: %s', (text) => {
    expect(readsEnvironment({ path: 'domain/chats/chats.ts', text })).toBe(true);
    expect(readsEnvironment({ path: 'config.ts', text })).toBe(false);
  });

  it.each([
    ['follow.ts', `import { encodeCursor } from '../../../src/log/cursor.js';`],
    ['follow.ts', `import type { DocumentNode } from 'graphql';`],
    ['session.ts', `import { randomUUID } from 'node:crypto';`],
    ['urql.ts', `import { ApolloLink } from '@apollo/client';`],
  ])('find what is wrong in the client package’s %s: %s', (path, text) => {
    expect(wrongClientImports(path, [{ path, text }])).toHaveLength(1);
  });

  it('find a cycle, also where types alone go around', () => {
    const one = { path: 'log/one.ts', text: `import { two } from './two.js';` };

    for (const text of [`import { one } from './one.js';`, `import type { One } from './one.js';`]) {
      expect(cyclesOf([one, { path: 'log/two.ts', text }])).toEqual([['log/one.ts', 'log/two.ts', 'log/one.ts']]);
    }
    expect(cyclesOf([one, { path: 'log/two.ts', text: '' }])).toEqual([]);
  });
});
