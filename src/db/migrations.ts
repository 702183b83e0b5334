/**
 * Brings a database to the tables that this version was made for. Takes Prisma's lock and keeps Prisma's books, so that
 * `prisma migrate deploy` agrees with it, but needs no engine and also works on the embedded database.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnavailableError, type Database, type Queryable, type Session } from './database.js';

type Reason =
  /** A script is not the one that was applied. */
  | 'changed'
  /** A script could not be applied; nothing of it has happened. */
  | 'failed'
  /** The database has had migrations that this version does not know. */
  | 'newer'
  /** Prisma's tools left one half-done. */
  | 'unfinished';

/** The database and this version do not fit together. */
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
  newer: (names) => `This database was migrated by a newer version of Parley: ${names}`,
  unfinished: (names) => `Left unfinished in this database: ${names}. See \`prisma migrate resolve\``,
};

export interface MigrationStatus {
  /** As it should be. Each of the lists has the migrations' names, oldest first. */
  applied: string[];
  pending: string[];
  changed: string[];
  unknown: string[];
  unfinished: string[];
}

interface MigrateOptions {
  /** Where the migrations are, each a folder with a `migration.sql`. */
  folder?: string;
  /** Another process is at it: this one waits until it is done. */
  onWait?: () => void;
}

// The same from src/ and from dist/.
const FOLDER = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** Prisma's. */
const LOCK = 72_707_369;

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
 * Applies what is pending, each migration with its entry in one transaction, so scripts hold no BEGIN or COMMIT.
 *
 * @returns the names of those it applied
 * @throws MigrationError, with whatever came before the one at fault applied; UnavailableError
 */
export const migrate = (db: Database, { folder = FOLDER, onWait }: MigrateOptions = {}): Promise<string[]> =>
  db.session(async (session) => {
    const migrations = readMigrations(folder);
    await lock(session, onWait);
    try {
      // It would say so if the table is there already.
      if (!(await hasBooks(session))) await session.execute(BOOKS);
      const status = compare(migrations, await readBooks(session));
      for (const [reason, names] of [
        ['newer', status.unknown],
        ['unfinished', status.unfinished],
        ['changed', status.changed],
      ] as const) {
        if (names.length > 0) throw new MigrationError(reason, names);
      }
      for (const migration of migrations) if (status.pending.includes(migration.name)) await apply(session, migration);
      return status.pending;
    } finally {
      // The embedded database's one session goes on.
      await session.query(`SELECT pg_advisory_unlock(${LOCK})`).catch(() => {});
    }
  });

/** Looks, and changes nothing. */
export const migrationStatus = async (
  db: Queryable,
  { folder = FOLDER }: Pick<MigrateOptions, 'folder'> = {},
): Promise<MigrationStatus> => compare(readMigrations(folder), (await hasBooks(db)) ? await readBooks(db) : []);

interface Migration {
  name: string;
  script: string;
  checksum: string;
}

const readMigrations = (folder: string): Migration[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      // As it was committed, where git writes files with other line ends.
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

const lock = async (session: Session, onWait?: () => void) => {
  const [row] = await session.query<{ granted: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS granted`);
  if (row!.granted) return;
  onWait?.();
  await session.query(`SELECT pg_advisory_lock(${LOCK})`);
};

const apply = async (session: Session, { name, script, checksum }: Migration) => {
  const values = [randomUUID(), checksum, name].map((text) => `'${text.replaceAll("'", "''")}'`).join(', ');
  try {
    // Sent as one, they are one transaction.
    await session.execute(`${script}
;
INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
VALUES (${values}, clock_timestamp(), 1)`);
  } catch (error) {
    throw error instanceof UnavailableError ? error : new MigrationError('failed', [name], { cause: error });
  }
};
