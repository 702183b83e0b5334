/** The results of database checks, and the errors that stop a start. */
export { ok, tell, type Finding } from '../finding.js';

/** Parley cannot use this database; retrying does not help. */
export class UnfitDatabaseError extends Error {
  override name = 'UnfitDatabaseError';
}

/** The database takes no writes for now: a standby that may be promoted, or a server that is set to read only. */
export class ReadOnlyDatabaseError extends Error {
  override name = 'ReadOnlyDatabaseError';
}
