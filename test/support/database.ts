/**
 * A migrated, empty database for a test file: embedded, or on the server of DATABASE_URL where that is set. Both are copies
 * of one that was migrated before, which is what makes them fast.
 */
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { generateIfStale } from '../../scripts/stale.mjs';
import type { Database } from '../../src/db/database.js';
import { migrate } from '../../src/db/migrations.js';
import { openDatabase, type DatabaseConfig } from '../../src/db/open.js';

export interface TestDatabase {
  /** For one node, or for several on one PostgreSQL. */
  config: DatabaseConfig;
  /** What is forgotten goes with the run. */
  drop(): Promise<void>;
}

/** @returns migrated and empty */
export const testDatabase = (): Promise<TestDatabase> =>
  process.env.DATABASE_URL === undefined ? embeddedDatabase() : serverDatabase(process.env.DATABASE_URL);

/** Takes away all tables, the migrations' included. */
export const clear = (db: Database): Promise<void> =>
  db.session((session) => session.execute('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));

/** @returns an empty folder that goes with the run */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'parley-test-'));

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns migrated and empty, in a folder */
export const embeddedDatabase = async (): Promise<TestDatabase> => {
  const template = await embeddedTemplate();
  const dataDir = temporaryFolder();
  cpSync(join(template, 'db'), join(dataDir, 'db'), { recursive: true });
  return {
    config: { dataDir },
    drop: () => Promise.resolve(rmSync(dataDir, { recursive: true, force: true })),
  };
};

const embeddedTemplate = async () => {
  const template = join(root, 'node_modules/.cache/parley/embedded-database');
  await generateIfStale({
    output: template,
    inputs: [...migrationFiles(), join(root, 'src/db/embedded.ts'), join(root, 'package-lock.json')],
    generate: async () => {
      const unfinished = `${template}.unfinished`;
      rmSync(unfinished, { recursive: true, force: true });
      await makeMigrated({ dataDir: unfinished });
      rmSync(template, { recursive: true, force: true });
      renameSync(unfinished, template);
    },
  });
  return template;
};

const serverDatabase = async (url: string): Promise<TestDatabase> => {
  // The run drops in the end whatever begins with the name of its own.
  const name = `${databaseOf(url)}_${randomBytes(4).toString('hex')}`;
  await execute(url, `CREATE DATABASE ${name} TEMPLATE ${await serverTemplate(url)}`);
  return {
    config: { databaseUrl: withDatabase(url, name), dataDir: temporaryFolder() },
    drop: () => execute(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
};

/** Any number that nobody else locks. */
const TEMPLATE_LOCK = 5_172_903;

const serverTemplate = async (url: string) => {
  const hash = createHash('sha256');
  for (const file of migrationFiles()) hash.update(readFileSync(file));
  const name = `${databaseOf(url)}_template_${hash.digest('hex').slice(0, 8)}`;

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) {
      await client.query(`DROP DATABASE IF EXISTS ${name}_unfinished`);
      await client.query(`CREATE DATABASE ${name}_unfinished`);
      await makeMigrated({ databaseUrl: withDatabase(url, `${name}_unfinished`), dataDir: '' });
      await client.query(`ALTER DATABASE ${name}_unfinished RENAME TO ${name}`);
    }
  } finally {
    await client.end();
  }
  return name;
};

const makeMigrated = async (config: DatabaseConfig) => {
  const db = await openDatabase(config);
  await migrate(db);
  await db.close();
};

const migrationFiles = () =>
  readdirSync(join(root, 'prisma/migrations'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('migration.sql'))
    .sort()
    .map((file) => join(root, 'prisma/migrations', file));

const databaseOf = (url: string) => new URL(url).pathname.slice(1);

const withDatabase = (url: string, name: string) => {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
};

const execute = async (url: string, sql: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};
