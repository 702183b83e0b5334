/** The shape that ARCHITECTURE.md tells of: layers one way, and each library in its place. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** What each layer may import beside itself. `generated` is what Prisma makes of its schema; `common` is for all of them. */
const LAYERS: Record<string, readonly string[]> = {
  main: ['app', 'settings', 'process', 'common'],
  cli: ['cli/chat', 'main', 'demo', 'import', 'domain', 'log', 'bus', 'db', 'settings', 'process', 'common'],
  'cli/chat': ['client'], // a client as anyone could write it
  client: [], // what such clients are handed
  app: ['server', 'graphql', 'demo', 'domain', 'log', 'bus', 'db', 'settings', 'common'],
  server: ['graphql', 'domain', 'log', 'bus', 'db', 'common'],
  graphql: ['domain', 'log', 'bus', 'db', 'generated', 'common'],
  demo: ['domain', 'log', 'bus', 'db', 'generated', 'settings', 'common'],
  import: ['domain', 'log', 'db', 'generated', 'common'],
  domain: ['log', 'bus', 'db', 'generated', 'common'],
  log: ['bus', 'db', 'generated', 'common'],
  bus: ['common'],
  db: ['generated', 'common'],
  settings: ['common'],
  process: ['settings', 'common'],
  generated: [],
  common: [],
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
  'exit-codes.ts': 'process',
  'failure.ts': 'process',
  'logger.ts': 'process',
  'process.ts': 'process',
  'log-line.ts': 'common',
  'redact.ts': 'common',
};

/** Where a package may be imported; those that are not named may be anywhere. */
const PACKAGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^@pothos\//, ['graphql']],
  [/^(graphql-yoga|@graphql-yoga\/.*)$/, ['server']],
  [/^(ws|graphql-ws)$/, ['server', 'client', 'cli/chat']],
  [/^(ioredis|graphql-redis-subscriptions|graphql-subscriptions)$/, ['bus']],
  [/^(graphql|graphql-scalars|@escape\.tech\/.*)$/, ['graphql', 'server', 'cli/chat']],
  [/^node:https?$/, ['server']],
  [/^(pg|pglite-prisma-adapter|@electric-sql\/.*|@prisma\/.*)$/, ['db', 'generated', 'graphql']],
  [/^(commander|cli-progress)$/, ['cli']],
];

const READS_ENVIRONMENT = ['config.ts', 'main.ts'];

interface Import {
  from: string;
  /** Erased when it is compiled. */
  isType: boolean;
}

/** @param path from src/ */
interface SourceFile {
  path: string;
  text: string;
}

const importsOf = ({ path, text }: SourceFile): Import[] => {
  const imports: Import[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      imports.push({ from: node.moduleSpecifier.text, isType });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      imports.push({ from: node.moduleSpecifier.text, isType: node.isTypeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [what] = node.arguments;
      if (what && ts.isStringLiteralLike(what)) imports.push({ from: what.text, isType: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      imports.push({ from: (node.argument.literal as ts.StringLiteral).text, isType: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return imports;
};

const isOurs = ({ from }: Import) => from.startsWith('.');

/** From src/, with the ending that it has there. */
const resolve = (path: string, from: string) => posix.join(posix.dirname(path), from).replace(/\.js$/, '.ts');

const layerOf = (path: string): string => {
  if (!path.includes('/')) return FILES[path] ?? `src/${path}`;
  if (path.startsWith('cli/chat/')) return 'cli/chat';
  return path.split('/', 1)[0]!;
};

/** What is wrong with one file: empty where nothing is. */
const wrongImports = (file: SourceFile): string[] => {
  const layer = layerOf(file.path);
  const below = LAYERS[layer];
  if (below === undefined) return [`${file.path} lies in no known layer`];
  return importsOf(file).flatMap((found) => {
    if (isOurs(found)) {
      const target = resolve(file.path, found.from);
      if (target.startsWith('..')) return [`${file.path} imports ${found.from}, outside of src`];
      const other = layerOf(target);
      return other === layer || below.includes(other) ? [] : [`${file.path} (${layer}) imports ${target} (${other})`];
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
        .filter((found) => isOurs(found) && !found.isType)
        .map(({ from }) => resolve(file.path, from)),
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

describe('The architecture', () => {
  it('has arrows in one direction, and each library in its place', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap(wrongImports)).toEqual([]);
  });

  it('reads the environment in one place', () => {
    expect(files.filter(readsEnvironment).map(({ path }) => path)).toEqual([]);
  });

  it('has no files that need each other, other than the types of the schema, which do', () => {
    const isOfSchema = (path: string) => layerOf(path) === 'graphql';

    expect(cyclesOf(files).filter((cycle) => !cycle.every(isOfSchema))).toEqual([]);
  });

  it('names no file of src/ that is not there', () => {
    const there = files.map(({ path }) => path);
    expect(Object.keys(FILES).filter((path) => !there.includes(path))).toEqual([]);
  });
});

describe('These checks', () => {
  const planted = (path: string, text: string) => wrongImports({ path, text });

  it.each([
    ['domain/chats.ts', `import { schema } from '../graphql/schema.js';`],
    ['domain/chats.ts', `import type { Request } from '../graphql/context.js';`],
    ['domain/chats.ts', `import { GraphQLError } from 'graphql';`],
    ['domain/chats.ts', `const { Redis } = await import('ioredis');`],
    ['log/tail.ts', `export { canSee } from '../domain/policy.js';`],
    ['bus/memory.ts', `import { openDatabase } from '../db/open.js';`],
    ['graphql/chat.ts', `let sockets: import('../server/sockets.js').Sockets;`],
    ['graphql/chat.ts', `import { createYoga } from 'graphql-yoga';`],
    ['server/yoga.ts', `import SchemaBuilder from '@pothos/core';`],
    ['server/server.ts', `import { createApp } from '../app.js';`],
    ['cli/chat/room.ts', `import { encodeCursor } from '../../log/cursor.js';`],
    ['cli/demo.ts', `import { WebSocket } from 'ws';`],
    ['helpers.ts', ``],
  ])('find what is wrong in %s: %s', (path, text) => {
    expect(planted(path, text)).toHaveLength(1);
  });

  it.each([
    ['domain/chats.ts', `import { createTail } from '../log/tail.js';`],
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
    expect(readsEnvironment({ path: 'domain/chats.ts', text })).toBe(true);
    expect(readsEnvironment({ path: 'config.ts', text })).toBe(false);
  });

  it('find a cycle, and none where types alone go around', () => {
    const one = { path: 'log/one.ts', text: `import { two } from './two.js';` };

    expect(cyclesOf([one, { path: 'log/two.ts', text: `import { one } from './one.js';` }])).toEqual([
      ['log/one.ts', 'log/two.ts', 'log/one.ts'],
    ]);
    expect(cyclesOf([one, { path: 'log/two.ts', text: `import type { One } from './one.js';` }])).toEqual([]);
  });
});
