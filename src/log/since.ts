/**
 * What was committed since a moment, of rows that carry the transaction that wrote them. Numbers given in order would not do:
 * who took the smaller one may commit later. Asks PostgreSQL alone, as `rounds.ts` does.
 */

/** A moment of the database's: what was finished by then is before it. */
export interface Moment {
  xmax: string;
  /** Those that had begun and not finished. */
  xip: string[];
}

/** To be read in the same statement as the rows. */
export const MOMENT = `pg_snapshot_xmax(pg_current_snapshot())::text AS xmax, ARRAY(SELECT pg_snapshot_xip(pg_current_snapshot())::text) AS xip`;

/**
 * @param xid the column; `xmaxParam` and `xipParam` the parameters (`$2`) that hold the last moment. Numbers yet to come are
 *   those of a restored dump: they would be news for ever
 */
export const committedSince = (xid: string, xmaxParam: string, xipParam: string): string =>
  `((${xid} >= ${xmaxParam}::xid8 OR ${xid} = ANY(${xipParam}::xid8[])) AND ${xid} < pg_snapshot_xmax(pg_current_snapshot()))`;
