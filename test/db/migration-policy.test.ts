/** Migrations run while nodes serve: what they may do is a policy, and this holds them to it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { migrationProblems } from '../support/migration-policy.js';

const folder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** From before there was a policy: a script that was released is never changed. */
const EXEMPT = [
  '20261120213400_init',
  '20261120233609_member_joined_seq',
  '20261121003807_all_kinds_of_chat',
  '20261121010602_member_xid',
  '20261126205735_products',
  '20261126210407_name_key',
];

const migrations = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

const scriptOf = (name: string) => readFileSync(`${folder}/${name}/migration.sql`, 'utf8');

it('is kept by every migration since', () => {
  const since = migrations.filter((name) => !EXEMPT.includes(name));

  expect(migrations).toEqual(expect.arrayContaining(EXEMPT));
  expect(since.length).toBeGreaterThan(0);
  expect(since.flatMap((name) => migrationProblems(scriptOf(name)).map((problem) => `${name}: ${problem}`))).toEqual(
    [],
  );
});

it('would have stopped one of those before it, which rewrote a table', () => {
  expect(migrationProblems(scriptOf('20261121010602_member_xid'))).toEqual([
    expect.stringContaining('computed for each row rewrites the table: pg_current_xact_id()'),
    expect.stringContaining('nobody could write meanwhile'),
  ]);
});

const alone = '-- parley: each statement by itself\n';

it.each([
  'CREATE INDEX pet_name ON pet (name)',
  'CREATE INDEX CONCURRENTLY IF NOT EXISTS pet_name ON pet (name)',
  `${alone}CREATE INDEX CONCURRENTLY pet_name ON pet (name)`,
  `${alone}CREATE INDEX CONCURRENTLY IF NOT EXISTS pet_name ON pet (name); CREATE TABLE IF NOT EXISTS toy (id int)`,
  `${alone}CREATE TABLE IF NOT EXISTS toy (id int); CREATE INDEX toy_id ON toy (id)`,
  'DROP INDEX pet_name',
  'ALTER TABLE pet ALTER COLUMN name TYPE varchar(20)',
  'ALTER TABLE pet ALTER COLUMN name SET NOT NULL',
  'ALTER TABLE pet DROP COLUMN name',
  'ALTER TABLE pet RENAME TO animal',
  'ALTER TABLE pet ADD COLUMN size int NOT NULL',
  'ALTER TABLE pet ADD COLUMN mark uuid DEFAULT gen_random_uuid()',
  'ALTER TABLE pet ADD COLUMN seq bigserial',
  'ALTER TABLE pet ADD COLUMN owner int REFERENCES person (id)',
  'ALTER TABLE pet ADD CONSTRAINT pet_owner FOREIGN KEY (owner) REFERENCES person (id)',
  'ALTER TABLE pet ADD CONSTRAINT pet_name UNIQUE (name)',
  'ALTER TABLE pet ADD CONSTRAINT c CHECK (size > 0) NOT VALID; ALTER TABLE pet VALIDATE CONSTRAINT c',
  `${alone}ALTER TABLE pet ADD CONSTRAINT c CHECK (size > 0) NOT VALID`,
  `${alone}ALTER TABLE pet ADD COLUMN size int`,
  `${alone}CREATE TYPE kind AS ENUM ('CAT')`,
  `UPDATE pet SET name = 'x'`,
  'DELETE FROM pet',
  'TRUNCATE pet',
  'DROP TABLE pet',
  'VACUUM FULL pet',
  'COMMIT',
  'DO $$ BEGIN ALTER TABLE pet DROP COLUMN name; END $$',
])('does not take: %s', (script) => {
  expect(migrationProblems(script)).toHaveLength(1);
});

it.each([
  'CREATE TABLE toy (id bigserial PRIMARY KEY, name text UNIQUE); CREATE INDEX toy_name ON toy (name); ALTER TABLE toy ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES pet (id)',
  `CREATE TYPE kind AS ENUM ('CAT'); ALTER TABLE "pet" ADD COLUMN     "kind" kind NOT NULL DEFAULT 'CAT', ADD COLUMN "tags" TEXT[] DEFAULT ARRAY[]::TEXT[]`,
  'ALTER TABLE pet ADD COLUMN born timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, ADD COLUMN size numeric(10, 2)',
  `ALTER TABLE pet ADD COLUMN kinds "kind"[] DEFAULT ARRAY['CAT']::"kind"[]`,
  `${alone}CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "pet_name" ON "pet" (name)`,
  `${alone}DROP INDEX CONCURRENTLY IF EXISTS pet_name`,
  `${alone}ALTER TABLE pet DROP CONSTRAINT IF EXISTS c, ADD CONSTRAINT c CHECK (size > 0 AND size < 9) NOT VALID; ALTER TABLE pet VALIDATE CONSTRAINT c`,
  `${alone}ALTER TABLE pet ADD COLUMN IF NOT EXISTS size int`,
  'ALTER TABLE pet SET (fillfactor = 50)',
  `ALTER TYPE kind ADD VALUE 'DOG'`,
])('takes: %s', (script) => {
  expect(migrationProblems(script)).toEqual([]);
});
