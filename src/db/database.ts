/**
 * The database as the rest of Parley sees it: plain SQL for the hot path, Prisma for reading and administration.
 * PostgreSQL and the embedded PGlite behave alike behind this interface.
 */
import type { PrismaClient } from '../generated/prisma/client.js';

export interface Queryable {
  /**
   * Runs one statement.
   *
   * @param sql with `$1`, `$2` … for `params`; each text is one prepared statement, so keep values out of it
   * @param params encoded by `encode` of `values.ts`: dates, bytes and arrays natively, objects as JSON
   * @returns its rows: int8 as bigint, int4 as number, timestamptz as Date, bytea as Uint8Array, arrays as arrays.
   *   Unknown types come as text, and so do arrays of enums: cast these to text[]. xid8 must be cast to text
   * @throws UnavailableError if the database cannot be reached or did not answer in time, after 5 s at most; after a
   *   write the outcome is then unknown
   */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

export interface Database extends Queryable {
  readonly kind: 'embedded' | 'postgresql';
  /** Shares the connections of `query`. Never use it inside `transaction`: the embedded database has one connection. */
  readonly prisma: PrismaClient;
  /**
   * Runs `work` in one READ COMMITTED transaction on one connection; rolls back if it throws. After a deadlock it runs
   * again from the start, so `work` must change nothing but the database.
   *
   * @throws what `work` throws; UnavailableError as `query` does, which holds for all of it: it has 5 s, unless `isLong`
   */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>, options?: TransactionOptions): Promise<Result>;
  /** Runs `work` on its own connection, without time limits: for migrations and upkeep, never for a request. */
  session<Result>(work: (session: OwnConnection) => Promise<Result>): Promise<Result>;
  /** Of the pool; null for the embedded database, which has one connection. */
  connections(): Connections | null;
  /** Checked with one query, within a second. For readiness; never throws. */
  state(): Promise<DatabaseState>;
  close(): Promise<void>;
}

export interface TransactionOptions {
  /** For background work and commands: only each statement by itself has a time limit. */
  isLong?: boolean;
}

/** Read only: it answers, but takes no writes: a standby, or a server, a database or a role that is set to read only. */
export type DatabaseState = 'ok' | 'read only' | 'away';

export interface Connections {
  most: number;
  open: number;
  idle: number;
  /** Statements that wait for one. */
  waiting: number;
}

export interface OwnConnection extends Queryable {
  /** The server process id reported when this session began; undefined for the embedded database. */
  readonly announcedProcess: number | undefined;
  /** Runs one statement, or a script of several, which fails as a whole; poolers do not accept scripts. */
  execute(script: string): Promise<void>;
  /** Runs `work` in one transaction without time limits; rolls back if it throws. */
  transaction<Result>(work: (tx: Pick<OwnConnection, 'query' | 'execute'>) => Promise<Result>): Promise<Result>;
}

/** The database is away, stalled or out of room. After a write: the outcome is unknown. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
  constructor(
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super('The database is not available', options);
  }
}

/** Whether `error`, from either driver, is a violated unique constraint. */
export const isUniqueViolation = (error: unknown, constraint?: string): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === '23505' &&
  (constraint === undefined || ('constraint' in error && error.constraint === constraint));
