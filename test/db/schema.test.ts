import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EMPTY_MIGRATION, compareWithSchema, openSchemaEngine } from '../../scripts/schema-engine.mjs';
import { migrationStatus } from '../../src/db/migrations.js';
import { openDatabase } from '../../src/db/open.js';
import { clear, embeddedDatabase, testDatabase, type TestDatabase } from '../support/database.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const schema = {
  path: join(root, 'prisma/schema.prisma'),
  content: await readFile(join(root, 'prisma/schema.prisma'), 'utf8'),
};

let database: TestDatabase;
// Prisma's adapter for PostgreSQL does not read all types of the catalogue that comparing needs.
let embedded: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  embedded = database.config.databaseUrl === undefined ? database : await embeddedDatabase();
});

afterAll(async () => {
  await database.drop();
  await embedded.drop();
});

it('has migrations that lead to exactly what schema.prisma says', async () => {
  const difference = await withAdapter(embedded, (adapter) => compareWithSchema(adapter, schema));

  expect(difference).toBe(EMPTY_MIGRATION);
});

it('would notice a column or an index that only one of the two has', async () => {
  const changed = {
    ...schema,
    content: schema.content.replace('@map("sent_count")', '@map("sent_total")').replace('@@index([userId, id])', ''),
  };

  const difference = await withAdapter(embedded, (adapter) => compareWithSchema(adapter, changed));

  expect(difference).toContain('"sent_total"');
  expect(difference).toContain('DROP INDEX "notification_user_id_id_idx"');
});

it('has books that Prisma finds in order', async () => {
  const migrationsList = await listMigrations();

  const diagnosis = await withAdapter(database, async (adapter) => {
    const engine = await openSchemaEngine(adapter, schema);
    return engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters });
  });

  expect(diagnosis).toEqual({
    editedMigrationNames: [],
    failedMigrationNames: [],
    hasMigrationsTable: true,
    history: null,
  });
});

it('accepts the books of Prisma', async () => {
  const other = await testDatabase();
  const migrationsList = await listMigrations();
  const db = await openDatabase(other.config);
  await clear(db);
  await db.close();
  await withAdapter(other, async (adapter) => {
    const engine = await openSchemaEngine(adapter, schema);
    await engine.applyMigrations({ migrationsList, filters });
  });

  const status = await readStatus(other);

  const names = migrationsList.migrationDirectories.map(({ path }) => path);
  expect(status).toEqual({ applied: names, pending: [], changed: [], unknown: [], unfinished: [] });
  await other.drop();
});

const filters = { externalTables: [], externalEnums: [] };

type Adapter = PrismaPg | PrismaPGlite;

const withAdapter = async <Result>({ config }: TestDatabase, work: (adapter: Adapter) => Promise<Result>) => {
  if (config.databaseUrl !== undefined) return work(new PrismaPg({ connectionString: config.databaseUrl }));
  const lite = await PGlite.create(join(config.dataDir, 'db'));
  try {
    return await work(new PrismaPGlite(lite));
  } finally {
    await lite.close();
  }
};

const readStatus = async ({ config }: TestDatabase) => {
  const db = await openDatabase(config);
  const status = await migrationStatus(db);
  await db.close();
  return status;
};

const listMigrations = async () => {
  const baseDir = join(root, 'prisma/migrations');
  const { applied } = await readStatus(database);
  const scripts = await Promise.all(applied.map((name) => readFile(join(baseDir, name, 'migration.sql'), 'utf8')));
  return {
    baseDir,
    shadowDbInitScript: '',
    lockfile: { path: 'migration_lock.toml', content: await readFile(join(baseDir, 'migration_lock.toml'), 'utf8') },
    migrationDirectories: applied.map((path, index) => ({
      path,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: scripts[index]! } },
    })),
  };
};
