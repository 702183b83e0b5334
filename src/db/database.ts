/**
 * What the rest of Parley knows of the database: plain SQL for the hot path, Prisma for reading and administration.
 * PostgreSQL and the embedded PGlite look alike from here.
 */
import type { PrismaClient } from '../generated/prisma/client.js';

export interface Queryable {
  /**
   * Runs one statement.
   *
   * @param sql with `$1`, `$2` … for `params`; one text, one prepared statement, so keep values out of it
   * @param params as `encode` of `values.ts` says: dates, bytes and arrays as they are, objects as JSON
   * @returns its rows: int8 as bigint, int4 as number, timestamptz as Date, bytea as Uint8Array, arrays as arrays.
   *   Types it does not know come as text; arrays of enums too, so cast them to text[]. xid8 must be cast to text
   * @throws UnavailableError where the database cannot be reached or did not answer in time, after 5 s at most; after a
   *   write that means unknown
   */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

export interface Database extends Queryable {
  readonly kind: 'embedded' | 'postgresql';
  /** Shares the connections of `query`. Never use it inside `transaction`: the embedded database has one connection. */
  readonly prisma: PrismaClient;
  /**
   * Runs `work` in one READ COMMITTED transaction on one connection; rolls back where it throws. After a deadlock it runs
   * again from the start, so `work` must change nothing but the database.
   *
   * @throws what `work` throws; UnavailableError as `query` does
   */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** Runs `work` on a connection of its own that no time limit holds: for migrations and upkeep, never for a request. */
  session<Result>(work: (session: OwnConnection) => Promise<Result>): Promise<Result>;
  /** Of the pool; null where there is but one. */
  connections(): Connections | null;
  /** Asked within a second, of one connection. For readiness; never throws. */
  state(): Promise<DatabaseState>;
  close(): Promise<void>;
}

/** Read only: it answers, and nothing can be written: a standby, or a server, a database or a role that was told so. */
export type DatabaseState = 'ok' | 'read only' | 'away';

export interface Connections {
  most: number;
  open: number;
  idle: number;
  /** Statements that wait for one. */
  waiting: number;
}

export interface OwnConnection extends Queryable {
  /** What the other side called its process when this session began; undefined where there is no other side. */
  readonly announcedProcess: number | undefined;
  /** Runs one statement, or a script of several of which none has happened if one fails; poolers do not take those. */
  execute(script: string): Promise<void>;
  /** Runs `work` in one transaction that no time limit holds; rolls back where it throws. */
  transaction<Result>(work: (tx: Pick<OwnConnection, 'query' | 'execute'>) => Promise<Result>): Promise<Result>;
}

/** The database is away, stalled or out of room. After a write: unknown whether it happened. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
  constructor(
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super('The database is not available', options);
  }
}

/** Whether `error`, from either driver, says that a unique constraint was violated. */
export const isUniqueViolation = (error: unknown, constraint?: string): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === '23505' &&
  (constraint === undefined || ('constraint' in error && error.constraint === constraint));
