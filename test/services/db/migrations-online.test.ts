/** Migrations on a PostgreSQL where others read and write meanwhile, and where they are ended in the middle. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { UnavailableError } from '../../../src/db/database.js';
import { describeBlocked, type Blocked } from '../../../src/db/migration-locks.js';
import { migrate, migrationStatus } from '../../../src/db/migrations.js';
import { openDatabase } from '../../../src/db/open.js';
import { clear, temporaryFolder } from '../../support/database.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

beforeEach(async () => {
  await clear(database.current);
  await database.current.query('CREATE TABLE pet (id int)');
  await database.current.query('INSERT INTO pet SELECT generate_series(1, 100)');
});

const scriptsOf = (scripts: Record<string, string>) => {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(scripts)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'migration.sql'), script);
  }
  return folder;
};

/** Somebody's transaction, as a dump's is. */
const begin = async (sql: string) => {
  const client = new pg.Client({ connectionString: database.config.databaseUrl!, application_name: 'pg_dump' });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query(sql);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return { pid: rows[0]!.pid, end: () => client.query('ROLLBACK') };
};

const indexesOf = () =>
  database.current.query<{ name: string; isValid: boolean }>(
    `SELECT indexrelid::regclass::text AS name, indisvalid AS "isValid" FROM pg_index WHERE indrelid = 'pet'::regclass`,
  );

const ALONE = '-- parley: each statement by itself\n';
const INDEX = `${ALONE}CREATE INDEX CONCURRENTLY IF NOT EXISTS pet_id ON pet (id)`;

it.each([
  ['', 'ALTER TABLE pet ADD COLUMN name text; ALTER TABLE pet ADD COLUMN size int'],
  [', each statement by itself', `${ALONE}ALTER TABLE pet ADD COLUMN IF NOT EXISTS name text`],
])('a migration behind a dump lets others pass, says who it waits for, and ends after it%s', async (_how, script) => {
  const folder = scriptsOf({ '1_name': script });
  const dump = await begin('SELECT FROM pet');
  const onBlocked = vi.fn<(blocked: Blocked) => void>();

  const migrating = migrate(database.current, { folder, onBlocked });
  await vi.waitUntil(() => onBlocked.mock.calls.length > 0, { timeout: 10_000 });
  // While it waits those behind it wait too; each of these has less patience than a migration has without a limit.
  for (let n = 0; n < 20; n += 1) await database.current.query(`INSERT INTO pet (id) VALUES (0)`);
  const { pending } = await migrationStatus(database.current, { folder });
  await dump.end();
  const applied = await migrating;

  expect(pending).toEqual(['1_name']);
  expect(applied).toEqual(['1_name']);
  expect(await database.current.query('SELECT count(name)::int AS names FROM pet')).toEqual([{ names: 0 }]);
  const [blocked] = onBlocked.mock.calls[0]!;
  expect(blocked).toMatchObject({ migration: '1_name', holders: [{ pid: dump.pid, application: 'pg_dump' }] });
  expect(describeBlocked(blocked)).toMatch(
    /^The migration 1_name needs a lock that process \d+ \(pg_dump, in a transaction for \d+ s, its last statement \d+ s ago\) holds: it lets the traffic pass/,
  );
  // Told once, however often it tried.
  expect(onBlocked).toHaveBeenCalledTimes(1);
});

it('an index that was ended in the middle is dropped and made again', async () => {
  const folder = scriptsOf({ '1_index': INDEX });
  const writer = await begin('INSERT INTO pet (id) VALUES (0)');

  const migrating = migrate(database.current, { folder }).catch((thrown: unknown) => thrown);
  await vi.waitUntil(async () => (await indexesOf()).length > 0, { timeout: 10_000 });
  await database.current
    .query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley session'
    AND datname = current_database()`);
  const error = await migrating;
  const left = await indexesOf();
  await writer.end();
  const applied = await migrate(database.current, { folder });

  expect(error).toBeInstanceOf(UnavailableError);
  expect(left).toEqual([{ name: 'pet_id', isValid: false }]);
  expect(applied).toEqual(['1_index']);
  expect(await indexesOf()).toEqual([{ name: 'pet_id', isValid: true }]);
});

it('an index that cannot be made leaves nothing of itself, and is made once it can be', async () => {
  const folder = scriptsOf({ '1_index': INDEX.replace('CREATE', 'CREATE UNIQUE') });
  await database.current.query('INSERT INTO pet (id) VALUES (1)');

  const error: unknown = await migrate(database.current, { folder }).catch((thrown: unknown) => thrown);
  const left = await indexesOf();
  await database.current.query('DELETE FROM pet WHERE id = 1');
  const applied = await migrate(database.current, { folder });

  expect(error).toMatchObject({ reason: 'cut short', migrations: ['1_index'], cause: { code: '23505' } });
  expect(left).toEqual([]);
  expect(applied).toEqual(['1_index']);
});

it('an index waits as long as it must, and the nodes that wait for it are none of those it waits for', async () => {
  const folder = scriptsOf({ '1_index': INDEX });
  const writer = await begin('INSERT INTO pet (id) VALUES (0)');
  const [one, other] = await Promise.all([openDatabase(database.config), openDatabase(database.config)]);
  onTestFinished(() => one.close());
  onTestFinished(() => other.close());
  const onBlocked = vi.fn();
  const onWait = vi.fn();

  const migrating = migrate(one, { folder, onBlocked });
  await vi.waitUntil(() => onBlocked.mock.calls.length > 0, { timeout: 10_000 });
  const waiting = migrate(other, { folder, onWait });
  await vi.waitUntil(() => onWait.mock.calls.length > 0, { timeout: 10_000 });
  await writer.end();

  expect([await migrating, await waiting]).toEqual([['1_index'], []]);
  expect(await indexesOf()).toEqual([{ name: 'pet_id', isValid: true }]);
});

it('is not held by a time limit of the role', async () => {
  const name = new URL(database.config.databaseUrl!).pathname.slice(1);
  await database.current.query(`ALTER DATABASE ${name} SET statement_timeout = '300ms'`);
  onTestFinished(async () => void (await database.current.query(`ALTER DATABASE ${name} RESET statement_timeout`)));
  const folder = scriptsOf({ '1_slow': 'CREATE TABLE toy AS SELECT FROM pg_sleep(1)' });

  expect(await migrate(database.current, { folder })).toEqual(['1_slow']);
});
