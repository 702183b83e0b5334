/**
 * Rows committed since a moment, by the transaction id that each row carries. A sequence would not do: the transaction that took the
 * smaller number may commit later. Uses PostgreSQL alone, as `rounds.ts` does.
 */

/** A moment in the database: transactions that had finished by then are before it. */
export interface Moment {
  xmax: string;
  /** Transactions that had begun and not finished. */
  xip: string[];
}

/** Must be read in the same statement as the rows. */
export const MOMENT = `pg_snapshot_xmax(pg_current_snapshot())::text AS xmax, ARRAY(SELECT pg_snapshot_xip(pg_current_snapshot())::text) AS xip`;

/**
 * @param xid the column; `xmaxParam` and `xipParam` the parameters (`$2`) that hold the last moment. Transaction ids from the future
 *   are those of a restored dump: they would count as news in every round
 */
export const committedSince = (xid: string, xmaxParam: string, xipParam: string): string =>
  `((${xid} >= ${xmaxParam}::xid8 OR ${xid} = ANY(${xipParam}::xid8[])) AND ${xid} < pg_snapshot_xmax(pg_current_snapshot()))`;
