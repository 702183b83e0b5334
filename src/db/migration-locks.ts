/**
 * The locks that a migration waits for. While a statement waits for a table, everybody who comes after it waits as well, so it waits
 * only briefly, gives way, and is retried.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError, type Database, type Queryable } from './database.js';

/** A session that holds what a migration waits for, as far as the role may see it. */
export interface Holder {
  /** Its server process; 0 is a prepared transaction. */
  pid: number;
  application: string | null;
  /** How long its transaction has been open. */
  transactionSeconds: number | null;
  /** How long ago its last statement began. */
  querySeconds: number | null;
}

export interface Blocked {
  migration: string;
  /** Empty if they cannot be found out. */
  holders: Holder[];
}

/** Shorter than the time limit of any statement that waits behind it. */
export const LOCK_MS = 1500;
const PAUSE_MS = 2000;
const MAX_PAUSE_MS = 10_000;
const FIRST_LOOK_MS = 1000;
const LOOK_MS = 2000;
const TOLD_EVERY_MS = 60_000;

/** A lock that was not granted in time; or a deadlock, which giving way resolves. */
const isLockedOut = (error: unknown): boolean =>
  error instanceof UnavailableError &&
  error.cause instanceof Error &&
  'code' in error.cause &&
  (error.cause.code === '55P03' || error.cause.code === '40P01');

export interface PatienceOptions {
  db: Database;
  migration: string;
  /** Of the migrating session. */
  pid: number;
  /** Called at once, and then at most once a minute. */
  onBlocked?: ((blocked: Blocked) => void) | undefined;
}

/** @returns runs a piece of work until it gets its locks; a piece that fails must leave nothing behind */
export const createPatience = ({ db, migration, pid, onBlocked }: PatienceOptions) => {
  let toldAt = -Infinity;
  const tell = (holders: Holder[]) => {
    if (performance.now() < toldAt + TOLD_EVERY_MS) return;
    toldAt = performance.now();
    onBlocked?.({ migration, holders });
  };

  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, MAX_PAUSE_MS)) {
      const stopLooking = startLooking(db, pid, tell);
      try {
        return await work();
      } catch (error) {
        if (!isLockedOut(error)) throw error;
        tell([]);
      } finally {
        stopLooking();
      }
      // For those who queued up behind it.
      await delay(pauseMs);
    }
  };
};

/** Over another connection, since the migrating one is waiting. The embedded database has no other, and nobody to wait for. */
const startLooking = (db: Database, pid: number, onFound: (holders: Holder[]) => void): (() => void) => {
  if (db.kind === 'embedded') return () => {};
  let timer: NodeJS.Timeout;
  let isOver = false;
  const look = async () => {
    // If no connection is free, nothing is found out.
    const holders = await findHolders(db, pid).catch(() => []);
    if (isOver) return;
    if (holders.length > 0) onFound(holders);
    timer = setTimeout(() => void look(), LOOK_MS);
  };
  timer = setTimeout(() => void look(), FIRST_LOOK_MS);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
};

const findHolders = (db: Queryable, pid: number): Promise<Holder[]> =>
  db.query(
    `SELECT holder AS pid, application_name AS application,
      extract(epoch FROM clock_timestamp() - xact_start)::float8 AS "transactionSeconds",
      extract(epoch FROM clock_timestamp() - query_start)::float8 AS "querySeconds"
    FROM (SELECT DISTINCT unnest(pg_blocking_pids($1)) AS holder) AS holders
    LEFT JOIN pg_stat_activity ON pg_stat_activity.pid = holder
    ORDER BY xact_start NULLS LAST, holder LIMIT 5`,
    [pid],
  );

/** One sentence, for those who wait for the migration. */
export const describeBlocked = ({ migration, holders }: Blocked): string => {
  const held = holders.map(({ pid, application, transactionSeconds, querySeconds }) => {
    if (pid === 0) return 'a prepared transaction';
    const facts = [
      application === '' ? null : application,
      transactionSeconds === null ? null : `in a transaction for ${Math.round(transactionSeconds)} s`,
      querySeconds === null ? null : `its last statement ${Math.round(querySeconds)} s ago`,
    ].filter((fact) => fact !== null);
    return `process ${pid}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
  });
  const by =
    held.length === 0
      ? 'that another transaction holds'
      : `that ${held.join(' and ')} ${held.length === 1 ? 'holds' : 'hold'}`;
  return `The migration ${migration} needs a lock ${by}: it lets the traffic pass and tries again until it gets it`;
};
