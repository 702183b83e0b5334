/**
 * Brings a database to the schema of this version. Takes Prisma's lock and maintains Prisma's table of migrations, so that
 * `prisma migrate deploy` agrees with it, but needs no engine and also works on the embedded database.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { applyMigration, isEachByItself, type ApplyOptions, type Migration } from './apply-migration.js';
import { UnavailableError, type Database, type Queryable, type OwnConnection } from './database.js';
import type { Blocked } from './migration-locks.js';

type Reason =
  /** A script differs from the one that was applied. */
  | 'changed'
  /** A script could not be applied, and was rolled back. */
  | 'failed'
  /** A script that is not one transaction could not be applied: the statements before the failed one took effect. */
  | 'cut short'
  /** The database has migrations that this version does not know. */
  | 'newer'
  /** Prisma's tools left a migration unfinished. */
  | 'unfinished';

/** The database's schema does not match this version. */
export class MigrationError extends Error {
  override name = 'MigrationError';
  constructor(
    readonly reason: Reason,
    readonly migrations: readonly string[],
    options?: ErrorOptions,
  ) {
    super(says[reason](migrations.join(', ')), options);
  }
}

const says: Record<Reason, (names: string) => string> = {
  changed: (names) => `Already applied to this database, but changed since: ${names}`,
  failed: (names) => `The migration ${names} failed, and nothing of it was done`,
  'cut short': (names) =>
    `The migration ${names} failed in the middle: once the cause is gone, the next start or \`parley migrate\` does it again from its beginning`,
  newer: (names) => `This database was migrated by a newer version of Parley: ${names}`,
  unfinished: (names) => `Left unfinished in this database: ${names}. See \`prisma migrate resolve\``,
};

export interface MigrationStatus {
  /** As expected. Each of the lists has the migrations' names, oldest first. */
  applied: string[];
  pending: string[];
  changed: string[];
  unknown: string[];
  unfinished: string[];
}

interface MigrateOptions {
  /** The folder of the migrations, each a folder with a `migration.sql`. */
  folder?: string;
  /** Another process is migrating: this one waits until it is done. */
  onWait?: () => void;
  /** A migration does not get a lock: it gives way, and retries until it does. */
  onBlocked?: (blocked: Blocked) => void;
  /** What SQL cannot do, done after the scripts and under the same lock. Idempotent: it runs on each start. */
  finish?: () => Promise<void>;
}

// The same path from src/ and from dist/.
const FOLDER = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** The number of Prisma's lock. */
const LOCK = 72_707_369;
const LOCK_LOOK_MS = 250;

const BOOKS = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Applies pending migrations, statement by statement, each with its row in one transaction unless its script says otherwise, so
 * scripts contain no BEGIN or COMMIT. Waits for other processes and for locks as long as necessary, without making others wait.
 *
 * @returns the names of those it applied
 * @throws MigrationError, after the migrations before the failed one were applied; UnavailableError; what `finish` throws
 */
export const migrate = (
  db: Database,
  { folder = FOLDER, onWait, onBlocked, finish }: MigrateOptions = {},
): Promise<string[]> =>
  db.session(async (session) => {
    const migrations = readMigrations(folder);
    await lock(session, onWait);
    try {
      await makeSchema(session);
      // IF NOT EXISTS would raise a notice if the table exists.
      if (!(await hasBooks(session))) await session.execute(BOOKS);
      const status = compare(migrations, await readBooks(session));
      for (const [reason, names] of [
        ['newer', status.unknown],
        ['unfinished', status.unfinished],
        ['changed', status.changed],
      ] as const) {
        if (names.length > 0) throw new MigrationError(reason, names);
      }
      for (const migration of migrations) {
        if (status.pending.includes(migration.name)) await apply(migration, { db, session, onBlocked });
      }
      await finish?.();
      return status.pending;
    } finally {
      // The embedded database's only session stays open.
      await session.query(`SELECT pg_advisory_unlock(${LOCK})`).catch(() => {});
    }
  });

/** Only reads. */
export const migrationStatus = async (
  db: Queryable,
  { folder = FOLDER }: Pick<MigrateOptions, 'folder'> = {},
): Promise<MigrationStatus> => compare(readMigrations(folder), (await hasBooks(db)) ? await readBooks(db) : []);

const readMigrations = (folder: string): Migration[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      // As committed, even if git has converted the line ends.
      const script = readFileSync(join(folder, name, 'migration.sql'), 'utf8').replaceAll('\r\n', '\n');
      return { name, script, checksum: createHash('sha256').update(script).digest('hex') };
    });

interface Entry {
  name: string;
  checksum: string;
  isFinished: boolean;
}

const hasBooks = async (db: Queryable): Promise<boolean> => {
  const rows = await db.query<{ exists: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists`);
  return rows[0]!.exists;
};

/** DATABASE_URL may name a schema that does not exist yet, as with Prisma's tools. */
const makeSchema = async (session: OwnConnection): Promise<void> => {
  const [row] = await session.query<{ isMissing: boolean; path: string }>(
    `SELECT current_schema() IS NULL AS "isMissing", current_setting('search_path') AS path`,
  );
  if (row!.isMissing && /^"[^",]+"$/.test(row!.path)) await session.execute(`CREATE SCHEMA IF NOT EXISTS ${row!.path}`);
};

const readBooks = (db: Queryable): Promise<Entry[]> =>
  db.query(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS "isFinished"
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );

const compare = (migrations: Migration[], entries: Entry[]): MigrationStatus => {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  const finished = entries.filter((entry) => entry.isFinished);
  const names = (some: { name: string }[]) => some.map(({ name }) => name);
  return {
    applied: names(finished.filter(({ name, checksum }) => known.get(name) === checksum)),
    pending: names(migrations.filter((migration) => !entries.some(({ name }) => name === migration.name))),
    changed: names(finished.filter(({ name, checksum }) => known.has(name) && known.get(name) !== checksum)),
    unknown: names(finished.filter(({ name }) => !known.has(name))),
    unfinished: names(entries.filter((entry) => !entry.isFinished)),
  };
};

/** Tried now and then: a statement that waits for the lock holds a snapshot, and the creation of an index would wait for its end. */
const lock = async (session: OwnConnection, onWait?: () => void) => {
  for (let tries = 0; ; tries += 1) {
    const [row] = await session.query<{ granted: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS granted`);
    if (row!.granted) return;
    if (tries === 0) onWait?.();
    await delay(LOCK_LOOK_MS);
  }
};

const apply = async (migration: Migration, options: ApplyOptions) => {
  try {
    await applyMigration(migration, options);
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    throw new MigrationError(isEachByItself(migration) ? 'cut short' : 'failed', [migration.name], { cause: error });
  }
};
