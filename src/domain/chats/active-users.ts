/** Users who can be added to a chat. */
import type { Queryable } from '../../db/database.js';
import { NotFoundError } from '../errors.js';

const ACTIVE_COUNT = `SELECT count(*)::int AS count FROM "user" WHERE id = ANY($1::bigint[]) AND deactivated_at IS NULL`;

/**
 * One query.
 *
 * @param ids each once
 * @throws NotFoundError if a user does not exist, or is deactivated
 */
export const requireActiveUsers = async (db: Queryable, ids: readonly bigint[]): Promise<void> => {
  const [active] = await db.query<{ count: number }>(ACTIVE_COUNT, [ids]);
  if (active!.count < ids.length) throw new NotFoundError('User');
};
