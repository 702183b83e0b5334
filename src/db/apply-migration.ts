/** Applies one migration: its script, statement by statement, and its row in the migrations table. */
import { randomUUID } from 'node:crypto';
import type { Database, Queryable, OwnConnection } from './database.js';
import { createPatience, LOCK_MS, type Blocked } from './migration-locks.js';
import { splitScript, withoutComments } from './split-script.js';

export interface Migration {
  name: string;
  script: string;
  checksum: string;
}

/** The first line of a script whose statements are not one transaction; see CONTRIBUTING.md. */
const EACH_BY_ITSELF = /^--\s*parley: each statement by itself\s*$/m;

export const isEachByItself = ({ script }: Pick<Migration, 'script'>): boolean => EACH_BY_ITSELF.test(script);

export interface ApplyOptions {
  db: Database;
  session: OwnConnection;
  onBlocked?: ((blocked: Blocked) => void) | undefined;
}

/**
 * Either the script and its row are one transaction, or each statement is one, and the row comes last: if that was interrupted, the
 * script runs again from the beginning, so its statements must be repeatable.
 */
export const applyMigration = async (migration: Migration, { db, session, onBlocked }: ApplyOptions): Promise<void> => {
  const statements = splitScript(migration.script);
  const [row] = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const patiently = createPatience({ db, migration: migration.name, pid: row!.pid, onBlocked });

  if (isEachByItself(migration)) {
    for (const statement of statements) await patiently(() => runAlone(session, statement));
    return enter(session, migration);
  }
  await patiently(() =>
    session.transaction(async (tx) => {
      const begunAt = performance.now();
      for (const statement of statements) {
        // Those who wait for a table that this transaction has locked wait for its remaining locks too.
        const left = Math.round(LOCK_MS - (performance.now() - begunAt));
        await tx.execute(`SET LOCAL lock_timeout = ${Math.max(left, LOCK_MS / 10)}`);
        await tx.execute(statement);
      }
      await enter(tx, migration);
    }),
  );
};

const runAlone = async (session: OwnConnection, statement: string): Promise<void> => {
  const text = withoutComments(statement);
  // Reads and writes never wait behind these statements, and starting over would cost all of their work.
  const isConcurrent = /^(CREATE|DROP|REINDEX)\b.*\bCONCURRENTLY\b/i.test(text);
  const index = /^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?("(?:[^"]|"")+"|[\w$]+) ON\b/i.exec(
    text,
  )?.[1];
  await session.execute(`SET lock_timeout = ${isConcurrent ? 0 : LOCK_MS}`);
  try {
    if (index !== undefined) await dropInvalid(session, index);
    await session.execute(statement);
  } catch (error) {
    // It would slow down every write, and if it is unique refuse some.
    if (index !== undefined) await dropInvalid(session, index).catch(() => {});
    throw error;
  } finally {
    await session.execute('SET lock_timeout = 0').catch(() => {}); // the session ends in any case
  }
};

/** Drops the remains of an index whose creation was interrupted; IF NOT EXISTS takes them for the index. */
const dropInvalid = async (session: OwnConnection, name: string): Promise<void> => {
  const rows = await session.query<{ name: string }>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid`,
    [name],
  );
  for (const invalid of rows) await session.execute(`DROP INDEX CONCURRENTLY IF EXISTS ${invalid.name}`);
};

const enter = async (session: Queryable, { name, checksum }: Migration): Promise<void> => {
  await session.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, clock_timestamp(), 1)`,
    [randomUUID(), checksum, name],
  );
};
