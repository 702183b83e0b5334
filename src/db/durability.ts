/** Whether PostgreSQL is set to keep what it has said it wrote. */
import type { Queryable } from './database.js';
import { ok, type Finding } from './finding.js';

/** As the sessions of `db` have it: the server's own, the database's, the role's, and those in the URL. */
const SETTINGS = `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')`;

/**
 * What a crash or a power cut may take. `full_page_writes` may be off for a file system that writes whole pages or none, so
 * nothing is said about it.
 *
 * @param isAllowed it was said that this may be so
 */
export const checkDurability = async (db: Queryable, isAllowed: boolean): Promise<Finding> => {
  const rows = await db.query<{ name: string; setting: string }>(SETTINGS);
  const off = rows.filter(({ setting }) => setting === 'off').map(({ name }) => `${name}=off`);
  if (off.length === 0) return ok('PostgreSQL keeps what it has confirmed');
  const sentence = `PostgreSQL may lose what it has confirmed: ${off.sort().join(', ')}`;
  if (isAllowed) return { outcome: 'warning', sentence };
  return { outcome: 'refusal', sentence, remedy: 'ALLOW_UNSAFE_DATABASE=on starts all the same' };
};
