/** Computes the keys that chats are searched by, which SQL cannot, for chats that an older version has made. */
import { runOver } from '../db/bulk.js';
import type { Database } from '../db/database.js';
import { chatNameKeyOf } from './keys.js';

/** Few: sends to these chats wait for the batch. */
const BATCH = 200;

// Locked, so that a chat that is renamed meanwhile gets the key of the new name.
const NEXT = `SELECT id, name FROM chat WHERE name_key IS NULL AND name IS NOT NULL AND id > $1::bigint ORDER BY id LIMIT ${BATCH}
  FOR NO KEY UPDATE`;
const REKEY = `UPDATE chat SET name_key = given.name_key FROM unnest($1::bigint[], $2::text[]) AS given(id, name_key)
  WHERE chat.id = given.id`;

/** In batches, each a transaction: if it is interrupted, the next start continues. If all chats have their keys it is one query. */
export const rekeyChats = async (db: Database): Promise<void> => {
  for (let last: bigint | undefined = 0n; last !== undefined;) {
    const after: bigint = last;
    last = await db.transaction(async (tx) => {
      const chats = await tx.query<{ id: bigint; name: string }>(NEXT, [after]);
      await runOver(tx, REKEY, chats, ({ id, name }) => [id, chatNameKeyOf(name)]);
      return chats.at(-1)?.id;
    });
  }
};
