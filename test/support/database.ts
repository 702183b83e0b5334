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
import { createPasswords } from '../../src/domain/accounts/passwords.js';

/** What the copies hold from the start. */
type Content = 'nothing' | 'admin';

/** There from the start where a test asks for it, for what only administrators do. */
export const admin = { username: 'admin', password: 'the password of admin' };

export interface TestDatabase {
  /** For one node, or for several on one PostgreSQL. */
  config: DatabaseConfig;
  /** What is forgotten goes with the run. */
  drop(): Promise<void>;
}

/** @returns migrated, and empty but for the content */
export const testDatabase = (content?: Content): Promise<TestDatabase> =>
  process.env.DATABASE_URL === undefined
    ? embeddedDatabase(content)
    : serverDatabase(process.env.DATABASE_URL, content);

/** Takes away all tables, the migrations' included. */
export const clear = (db: Database): Promise<void> =>
  db.session((session) => session.execute('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));

/** @returns an empty folder that goes with the run */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'parley-test-'));

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns migrated, and empty but for the content, in a folder */
export const embeddedDatabase = async (content: Content = 'nothing'): Promise<TestDatabase> => {
  const template = await embeddedTemplate(content);
  const dataDir = temporaryFolder();
  cpSync(join(template, 'db'), join(dataDir, 'db'), { recursive: true });
  return {
    config: { dataDir },
    drop: () => Promise.resolve(rmSync(dataDir, { recursive: true, force: true })),
  };
};

const embeddedTemplate = async (content: Content): Promise<string> => {
  const template = join(root, 'node_modules/.cache/parley', `embedded-database-with-${content}`);
  const sources = ['src/db/embedded.ts', 'src/domain/accounts/passwords.ts', 'test/support/database.ts'];
  await generateIfStale({
    output: template,
    inputs: [...migrationFiles(), ...[...sources, 'package-lock.json'].map((path) => join(root, path))],
    generate: async () => {
      const unfinished = `${template}.unfinished`;
      rmSync(unfinished, { recursive: true, force: true });
      if (content === 'nothing') {
        await inside({ dataDir: unfinished }, async (db) => {
          await migrate(db);
          await dropTemplates(db);
        });
      } else {
        cpSync(await embeddedTemplate('nothing'), unfinished, { recursive: true });
        await inside({ dataDir: unfinished }, addAdmin);
      }
      rmSync(template, { recursive: true, force: true });
      renameSync(unfinished, template);
    },
  });
  return template;
};

/** Two thirds of the files to copy, which nothing opens: the databases that others are created from. */
const dropTemplates = (db: Database) =>
  db.session(async (session) => {
    await session.execute('UPDATE pg_database SET datistemplate = false');
    for (const name of ['template0', 'template1']) await session.execute(`DROP DATABASE ${name}`);
  });

const serverDatabase = async (url: string, content: Content = 'nothing'): Promise<TestDatabase> => {
  // The run drops in the end whatever begins with the name of its own.
  const name = `${databaseOf(url)}_${randomBytes(4).toString('hex')}`;
  await execute(url, `CREATE DATABASE ${name} TEMPLATE ${await serverTemplate(url, content)}`);
  return {
    config: { databaseUrl: withDatabase(url, name), dataDir: temporaryFolder() },
    drop: () => execute(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
};

/** Any number that nobody else locks. */
const TEMPLATE_LOCK = 5_172_903;

const serverTemplate = async (url: string, content: Content) => {
  const hash = createHash('sha256');
  for (const file of migrationFiles()) hash.update(readFileSync(file));
  const empty = `${databaseOf(url)}_template_${hash.digest('hex').slice(0, 8)}`;
  const name = content === 'nothing' ? empty : `${empty}_${content}`;

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const make = async (made: string, template: string, fill: (db: Database) => Promise<unknown>) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [made]);
      if (rowCount !== 0) return;
      await client.query(`DROP DATABASE IF EXISTS ${made}_unfinished`);
      await client.query(`CREATE DATABASE ${made}_unfinished TEMPLATE ${template}`);
      await inside({ databaseUrl: withDatabase(url, `${made}_unfinished`), dataDir: '' }, fill);
      await client.query(`ALTER DATABASE ${made}_unfinished RENAME TO ${made}`);
    };
    await make(empty, 'template1', migrate);
    if (content === 'admin') await make(name, empty, addAdmin);
  } finally {
    await client.end();
  }
  return name;
};

const inside = async (config: DatabaseConfig, fill: (db: Database) => Promise<unknown>) => {
  const db = await openDatabase(config);
  try {
    await fill(db);
  } finally {
    await db.close();
  }
};

const addAdmin = async (db: Database) => {
  const { username, password } = admin;
  await db.query(
    `INSERT INTO "user" (username, username_key, email, email_key, password_hash, role)
     VALUES ($1, $1, $2, $2, $3, 'ADMIN')`,
    [username, 'admin@example.org', await createPasswords().hash(password)],
  );
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
