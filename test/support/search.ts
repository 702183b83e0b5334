/** What tests do with search: find, and leave messages as a version without search left them. */
import type { Database } from '../../src/db/database.js';
import { fillWords } from '../../src/domain/search/filling.js';
import type { SearchArgs } from '../../src/domain/search/message-search.js';
import type { Viewer } from '../../src/domain/viewer.js';
import type { ChatNode } from './chats.js';

/** @returns the texts found on one page */
export const textsFound = async (node: ChatNode, viewer: Viewer, args: SearchArgs | string) => {
  const found = await node.messageSearch.search(viewer, typeof args === 'string' ? { query: args } : args);
  return found && found.edges.map(({ node: message }) => message.text);
};

export const fillAll = async (db: Database): Promise<number> => {
  let looked = 0;
  for await (const count of fillWords(db)) looked += count;
  return looked;
};

/** As an installation has it after its first migration to a version with search. */
export const forgetAllWords = async (db: Database): Promise<void> => {
  await db.query('DELETE FROM message_search');
  await db.query('DELETE FROM search_gap');
  await db.query('UPDATE chat SET indexed_seq = 0');
};

/** Sends as a node of a version without search, which knows nothing of words and of `indexed_seq`. */
export const sendAsBefore = (db: Database, chatId: bigint, senderId: bigint, text: string) =>
  db.query(
    `WITH moved AS (
       UPDATE chat SET head_seq = head_seq + 1, head_mark = 7, message_count = message_count + 1, activity_at = now()
       WHERE id = $1 RETURNING head_seq, message_count
     ), event AS (
       INSERT INTO event (chat_id, seq, mark, type, actor_id) SELECT $1, head_seq, 7, 'MESSAGE_SENT', $2 FROM moved
     )
     INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, changed_seq)
     SELECT $1, head_seq, message_count, $2, $3, '', head_seq FROM moved`,
    [chatId, senderId, text],
  );

/** Edits or, with null, deletes as a node of a version without search. */
export const changeAsBefore = (db: Database, chatId: bigint, seq: number, text: string | null) =>
  db.query(
    `WITH moved AS (
       UPDATE chat SET head_seq = head_seq + 1, head_mark = 7 WHERE id = $1 RETURNING head_seq
     ), event AS (
       INSERT INTO event (chat_id, seq, mark, type, actor_id, message_seqs)
       SELECT $1, head_seq, 7, CASE WHEN $3::text IS NULL THEN 'MESSAGES_DELETED' ELSE 'MESSAGE_EDITED' END::event_type, sender_id, ARRAY[$2::int]
       FROM moved, message WHERE chat_id = $1 AND seq = $2
     )
     UPDATE message SET text = $3, changed_seq = head_seq,
       edited_at = CASE WHEN $3 IS NULL THEN edited_at ELSE clock_timestamp() END,
       deleted_at = CASE WHEN $3 IS NULL THEN clock_timestamp() END
     FROM moved WHERE chat_id = $1 AND seq = $2`,
    [chatId, seq, text],
  );
