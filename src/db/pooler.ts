/**
 * Whether something between this node and PostgreSQL gives each transaction another server process. Prepared statements,
 * session settings and the migration lock would then belong to another session.
 */
import type { Database, OwnConnection } from './database.js';
import { ok, type Finding } from './finding.js';

const REFUSAL: Finding = {
  outcome: 'refusal',
  sentence:
    'A connection pooler hands this database out transaction by transaction, and Parley needs sessions: prepared statements, session settings and locks',
  remedy:
    'Let DATABASE_URL lead to PostgreSQL itself (managed databases have a second host or port for that) or to the pooler in session mode (PgBouncer: pool_mode=session)',
};

export const checkPooler = (db: Database): Promise<Finding> => {
  if (db.kind === 'embedded') return Promise.resolve(ok('The database is in this process'));
  return db.session(async (one) => {
    // A pooler answers the connection itself, and so reports a process id of its own.
    if ((await processOf(one)) === one.announcedProcess) return ok('PostgreSQL is spoken to directly');
    const isShared = await db.session((other) => isSharingWith(one, other));
    return isShared ? REFUSAL : ok('A connection pooler stands before PostgreSQL, in session mode');
  });
};

/**
 * Two concurrent sessions cannot be served by the same process. Which process is free first and which is taken first depends on the
 * pooler, so both orders are tried; with a session of one's own the process never changes, in either order.
 */
const isSharingWith = async (one: OwnConnection, other: OwnConnection): Promise<boolean> => {
  const seen = new Map([one, other].map((session) => [session, new Set<number>()]));
  const inTurn = [one, other, one, other, other, one, other, one];
  try {
    for (let n = 0; n < inTurn.length; n += 2) {
      const both = inTurn.slice(n, n + 2);
      for (const session of both) seen.get(session)!.add(await begin(session));
      for (const session of both) await session.execute('COMMIT');
    }
  } catch (error) {
    // Some poolers assign a process per statement.
    if (isPoolingRefusal(error)) return true;
    throw error;
  }
  return [...seen.values()].some(({ size }) => size > 1);
};

const begin = async (session: OwnConnection): Promise<number> => {
  await session.execute('BEGIN');
  return processOf(session);
};

const processOf = async (session: OwnConnection): Promise<number> => {
  const [row] = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return row!.pid;
};

const isPoolingRefusal = (error: unknown): boolean =>
  error instanceof Error && (/\bpooling mode\b/.test(error.message) || isPoolingRefusal(error.cause));
