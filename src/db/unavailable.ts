/** Which of the drivers' many errors mean that the database is unavailable. */
import { UnavailableError } from './database.js';

const RETRY_AFTER_MS = 1000;

/**
 * SQLSTATEs, or their prefixes: connection lost, out of room, shutting down, disk error, read-only after a failover,
 * idle or waiting for too long, cancelled.
 */
const UNAVAILABLE = /^(08|53|57P|58|25006|25P03|25P04|55P03|57014)/;
const CONNECTION_LOST = /^(08|57P|58|25006|25P03|25P04)/;
/** Serialisation failure or deadlock. */
const UNDONE = /^(40001|40P01)/;

interface SqlError extends Error {
  code: string;
  severity: string;
  routine?: string;
}

/** Reported by the server, rather than by the driver or the network. */
const isSqlError = (error: unknown): error is SqlError =>
  error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string';

/** A type or a table of a prepared statement no longer exists; these messages are in English everywhere. */
const NAMES_WHAT_IS_GONE = /^(cache lookup failed|could not open relation with OID)/;

/**
 * A migration has changed the result of a prepared statement, or a restore has recreated its tables; a new connection prepares it
 * again.
 */
export const isStalePlan = (error: unknown): boolean =>
  isSqlError(error) &&
  (error.routine === 'RevalidateCachedQuery' || (error.code === 'XX000' && NAMES_WHAT_IS_GONE.test(error.message)));

export const unavailable = (cause: unknown) => new UnavailableError(RETRY_AFTER_MS, { cause });

/** The error to throw for a driver's error. One that the server did not report is taken for a connection failure. */
export const fromDriver = (error: unknown): unknown =>
  isSqlError(error) && !UNAVAILABLE.test(error.code) && !isRepeatable(error) ? error : unavailable(error);

/** Whether the connection must not be used again after a driver's `error`. */
export const isConnectionLost = (error: unknown): boolean =>
  !isSqlError(error) || CONNECTION_LOST.test(error.code) || isStalePlan(error);

/** Whether the statement or transaction behind a driver's `error` had no effect, and may succeed if retried now. */
export const isRepeatable = (error: unknown): boolean =>
  (isSqlError(error) && UNDONE.test(error.code)) || isStalePlan(error);
