/** What a check of the database comes to, where that stops a start. */
export { ok, tell, type Finding } from '../finding.js';

/** Parley cannot be served from this database, however often it is tried. */
export class UnfitDatabaseError extends Error {
  override name = 'UnfitDatabaseError';
}

/** Nothing can be written for now: a standby that may be promoted, or a server that was told to. */
export class ReadOnlyDatabaseError extends Error {
  override name = 'ReadOnlyDatabaseError';
}
