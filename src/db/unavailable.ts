/** Which of the drivers' many errors mean that the database is not available. */
import { UnavailableError } from './database.js';

const RETRY_AFTER_MS = 1000;

/**
 * SQLSTATEs, or how they begin: connection lost, out of room, shutting down, a disk's error, read-only after a failover,
 * idle or waiting for too long, cancelled.
 */
const UNAVAILABLE = /^(08|53|57P|58|25006|25P03|25P04|55P03|57014)/;
const CONNECTION_LOST = /^(08|57P|58|25006|25P03|25P04)/;
/** Could not be serialised, deadlocked. */
const UNDONE = /^(40001|40P01)/;

interface SqlError extends Error {
  code: string;
  severity: string;
  routine?: string;
}

/** Said by the server, as against the driver or the network. */
const isSqlError = (error: unknown): error is SqlError =>
  error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string';

/** A type or a table that a prepared statement names is not there any more; these are in English everywhere. */
const NAMES_WHAT_IS_GONE = /^(cache lookup failed|could not open relation with OID)/;

/**
 * A migration has changed what a prepared statement returns, or a restore has made its tables anew; a new connection prepares it
 * anew.
 */
export const isStalePlan = (error: unknown): boolean =>
  isSqlError(error) &&
  (error.routine === 'RevalidateCachedQuery' || (error.code === 'XX000' && NAMES_WHAT_IS_GONE.test(error.message)));

export const unavailable = (cause: unknown) => new UnavailableError(RETRY_AFTER_MS, { cause });

/** What to throw for an error of a driver. What the server did not say itself is taken for the connection's fault. */
export const fromDriver = (error: unknown): unknown =>
  isSqlError(error) && !UNAVAILABLE.test(error.code) && !isRepeatable(error) ? error : unavailable(error);

/** Whether the connection over which a driver's `error` came should not be used again. */
export const isConnectionLost = (error: unknown): boolean =>
  !isSqlError(error) || CONNECTION_LOST.test(error.code) || isStalePlan(error);

/** Whether nothing of what led to a driver's `error` has happened, and the same may well succeed now. */
export const isRepeatable = (error: unknown): boolean =>
  (isSqlError(error) && UNDONE.test(error.code)) || isStalePlan(error);
