/** Whether PostgreSQL is configured to keep what it has confirmed. */
import type { Queryable } from './database.js';
import { ok, type Finding } from './finding.js';

/** As in effect for the sessions of `db`: from the server, the database, the role, and the URL. */
const SETTINGS = `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')`;

/**
 * What a crash or a power failure may lose. `full_page_writes` may be off on a file system with atomic page writes, so
 * it is not checked.
 *
 * @param isAllowed the operator has accepted this
 */
export const checkDurability = async (db: Queryable, isAllowed: boolean): Promise<Finding> => {
  const rows = await db.query<{ name: string; setting: string }>(SETTINGS);
  const off = rows.filter(({ setting }) => setting === 'off').map(({ name }) => `${name}=off`);
  if (off.length === 0) return ok('PostgreSQL keeps what it has confirmed');
  const sentence = `PostgreSQL may lose what it has confirmed: ${off.sort().join(', ')}`;
  if (isAllowed) return { outcome: 'warning', sentence };
  return { outcome: 'refusal', sentence, remedy: 'ALLOW_UNSAFE_DATABASE=on starts all the same' };
};
