/** Whether PostgreSQL is set to keep what it has said it wrote. */
import type { Queryable } from './database.js';

/** The server, or what is set for its sessions, may lose what was answered. */
export class UnsafeDatabaseError extends Error {
  override name = 'UnsafeDatabaseError';
}

/** As the sessions of `db` have it: the server's own, the database's, the role's, and those in the URL. */
const SETTINGS = `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')`;

/**
 * @returns a sentence on what a crash or a power cut may take; undefined where it takes nothing. `full_page_writes` may be off
 *   for a file system that writes whole pages or none, so nothing is said about it
 */
export const findUnsafe = async (db: Queryable): Promise<string | undefined> => {
  const rows = await db.query<{ name: string; setting: string }>(SETTINGS);
  const off = rows.filter(({ setting }) => setting === 'off').map(({ name }) => `${name}=off`);
  if (off.length === 0) return undefined;
  return `PostgreSQL may lose what it has confirmed: ${off.sort().join(', ')}`;
};
