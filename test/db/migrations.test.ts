import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { migrate, MigrationError, migrationStatus } from '../../src/db/migrations.js';
import { openDatabase } from '../../src/db/open.js';
import { clear, temporaryFolder } from '../support/database.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();

beforeEach(() => clear(database.current));

it('applies what is pending, in order, and then nothing more', async () => {
  const folder = folderWith({ '2_second': 'INSERT INTO pet VALUES (1)', '1_first': 'CREATE TABLE pet (id int)' });

  const first = await migrate(database.current, { folder });
  write(folder, '3_third', 'INSERT INTO pet VALUES (2); -- and no line end');
  const second = await migrate(database.current, { folder });
  const third = await migrate(database.current, { folder });

  expect([first, second, third]).toEqual([['1_first', '2_second'], ['3_third'], []]);
  expect(await database.current.query('SELECT id FROM pet ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
});

it('lets one of four apply what all four want to, and the others wait', async () => {
  const folder = folderWith({ '1_first': 'CREATE TABLE pet (id int)', '2_second': 'INSERT INTO pet VALUES (1)' });
  // A process of its own each, as far as PostgreSQL can tell; an embedded database has but one.
  const nodes = await Promise.all([1, 2, 3, 4].map(() => anotherNode()));

  const applied = await Promise.all(nodes.map((node) => migrate(node, { folder })));

  expect(applied.flat()).toEqual(['1_first', '2_second']);
  expect(await database.current.query('SELECT id FROM pet')).toEqual([{ id: 1 }]);
  await Promise.all(nodes.filter((node) => node !== database.current).map((node) => node.close()));
});

it('leaves nothing of a script that fails, keeps what came before and goes on once it is mended', async () => {
  const folder = folderWith({
    '1_good': 'CREATE TABLE pet (id int)',
    '2_bad': 'CREATE TABLE half (id int); INSERT INTO pet VALUES (1); SELECT 1/0; CREATE TABLE other (id int)',
  });

  const error: unknown = await migrate(database.current, { folder }).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(MigrationError);
  expect(error).toMatchObject({ reason: 'failed', migrations: ['2_bad'], cause: { code: '22012' } });
  expect(await tables()).toEqual(['_prisma_migrations', 'pet']);
  expect(await database.current.query('SELECT id FROM pet')).toEqual([]);
  expect(await migrationStatus(database.current, { folder })).toMatchObject({
    applied: ['1_good'],
    pending: ['2_bad'],
  });
  write(folder, '2_bad', 'INSERT INTO pet VALUES (1)');
  expect(await migrate(database.current, { folder })).toEqual(['2_bad']);
});

it('keeps what was done of a script whose statements stand each by itself, and does it again once it is mended', async () => {
  const folder = folderWith({
    '1_alone': `-- parley: each statement by itself
      CREATE TABLE IF NOT EXISTS pet (id int); INSERT INTO pet VALUES (1); SELECT 1/(3 - count(*)) FROM pet; INSERT INTO pet VALUES (9)`,
  });

  await migrate(database.current, { folder });
  await clear(database.current);
  await database.current.query('CREATE TABLE pet (id int)');
  await database.current.query('INSERT INTO pet VALUES (7), (8)');
  const error: unknown = await migrate(database.current, { folder }).catch((thrown: unknown) => thrown);
  const afterwards = await database.current.query('SELECT id FROM pet ORDER BY id');
  const { pending } = await migrationStatus(database.current, { folder });
  const applied = await migrate(database.current, { folder });

  expect(error).toMatchObject({ reason: 'cut short', migrations: ['1_alone'], cause: { code: '22012' } });
  expect((error as Error).message).toContain('failed in the middle');
  expect(afterwards).toEqual([{ id: 1 }, { id: 7 }, { id: 8 }]);
  expect(pending).toEqual(['1_alone']);
  expect(applied).toEqual(['1_alone']);
  expect(await database.current.query('SELECT count(*)::int AS pets FROM pet')).toEqual([{ pets: 5 }]);
});

it('makes an index that takes no transaction, and leaves none where it cannot', async () => {
  const script = `-- parley: each statement by itself
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS pet_id ON pet (id)`;
  const folder = folderWith({
    '1_pet': 'CREATE TABLE pet (id int); INSERT INTO pet VALUES (1), (1)',
    '2_index': script,
  });
  const indexes = () =>
    database.current.query('SELECT indisvalid AS "isValid" FROM pg_index WHERE indexrelid = to_regclass($1)', [
      'pet_id',
    ]);

  const error: unknown = await migrate(database.current, { folder }).catch((thrown: unknown) => thrown);
  const left = await indexes();
  await database.current.query('TRUNCATE pet');
  const applied = await migrate(database.current, { folder });

  expect(error).toMatchObject({ reason: 'cut short', migrations: ['2_index'], cause: { code: '23505' } });
  expect(left).toEqual([]);
  expect(applied).toEqual(['2_index']);
  expect(await indexes()).toEqual([{ isValid: true }]);
});

it('refuses a script that was changed after it was applied', async () => {
  const folder = folderWith({ '1_first': 'CREATE TABLE pet (id int)' });
  await migrate(database.current, { folder });

  write(folder, '1_first', 'CREATE TABLE pet (id bigint)');
  write(folder, '2_second', 'CREATE TABLE other (id int)');
  const error: unknown = await migrate(database.current, { folder }).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ name: 'MigrationError', reason: 'changed', migrations: ['1_first'] });
  expect(await tables()).toEqual(['_prisma_migrations', 'pet']);
  expect(await migrationStatus(database.current, { folder })).toMatchObject({
    applied: [],
    changed: ['1_first'],
    pending: ['2_second'],
  });
});

it('takes a script for the same whatever line ends it was checked out with', async () => {
  const folder = folderWith({ '1_first': 'CREATE TABLE pet (\n  id int\n);\n' });
  await migrate(database.current, { folder });

  write(folder, '1_first', 'CREATE TABLE pet (\r\n  id int\r\n);\r\n');

  expect(await migrate(database.current, { folder })).toEqual([]);
});

it('refuses a database that a newer version has migrated', async () => {
  const newer = folderWith({ '1_first': 'CREATE TABLE pet (id int)', '2_second': 'CREATE TABLE other (id int)' });
  await migrate(database.current, { folder: newer });

  const folder = folderWith({ '1_first': 'CREATE TABLE pet (id int)' });
  const error: unknown = await migrate(database.current, { folder }).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ name: 'MigrationError', reason: 'newer', migrations: ['2_second'] });
  expect(await migrationStatus(database.current, { folder })).toMatchObject({
    applied: ['1_first'],
    unknown: ['2_second'],
  });
});

it('refuses to go on where Prisma left a migration half-done, until that is resolved', async () => {
  const folder = folderWith({ '1_first': 'CREATE TABLE pet (id int)' });
  await migrate(database.current, { folder });
  write(folder, '2_second', 'CREATE TABLE other (id int)');
  await database.current.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'y', '2_second')`,
  );

  const error: unknown = await migrate(database.current, { folder }).catch((thrown: unknown) => thrown);
  await database.current.query(`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'x'`);
  const applied = await migrate(database.current, { folder });

  expect(error).toMatchObject({ reason: 'unfinished', migrations: ['2_second'] });
  expect(applied).toEqual(['2_second']);
});

it('says what is pending in a database without a table, and makes none', async () => {
  const status = await migrationStatus(database.current);

  expect(status.pending.length).toBeGreaterThan(0);
  expect(status).toMatchObject({ applied: [], changed: [], unknown: [], unfinished: [] });
  expect(await tables()).toEqual([]);
});

const anotherNode = async () =>
  database.current.kind === 'postgresql' ? openDatabase(database.config) : database.current;

const folderWith = (scripts: Record<string, string>) => {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(scripts)) write(folder, name, script);
  return folder;
};

const write = (folder: string, name: string, script: string) => {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), script);
};

const tables = async () => {
  const rows = await database.current.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
  );
  return rows.map(({ name }) => name);
};
