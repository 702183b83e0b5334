/** Time that has gone by, for logs that have an end behind. */
import type { Queryable } from '../../src/db/database.js';
import { prune } from '../../src/log/retention.js';
import type { Database } from '../../src/db/database.js';

/** As if all that has happened in a chat up to `seq` had happened so many hours earlier. */
export const age = async (db: Queryable, chatId: bigint, seq: number, hours: number): Promise<void> => {
  await db.query(
    `UPDATE event SET created_at = created_at - make_interval(hours => $3::int) WHERE chat_id = $1 AND seq <= $2`,
    [chatId, seq, hours],
  );
};

/** One pass to its end. @returns what went in each step in which something did */
export const pruneAll = async (db: Database, days: number): Promise<number[]> => {
  const counts: number[] = [];
  for await (const count of prune(db, days)) if (count > 0) counts.push(count);
  return counts;
};

/** What is left of a log, from the oldest on. */
export const seqsLeft = async (db: Queryable, chatId: bigint): Promise<number[]> =>
  (await db.query<{ seq: number }>('SELECT seq FROM event WHERE chat_id = $1 ORDER BY seq', [chatId])).map(
    ({ seq }) => seq,
  );
