/** What writes and deletes the words that messages are found by, as parts of the statements that change the messages. */

import { toVectorOfMessage } from '../../log/indexed.js';

/**
 * A part of a WITH.
 *
 * @param messages the name of the part that holds the messages as they are now: chat_id, created_at, seq, sender_id, edited_at,
 *   attachment_count
 * @param words the SQL expression of what `wordsOf` makes of the text
 */
export const indexWords = (messages: string, words: string): string => `indexed AS (
    INSERT INTO message_search (chat_id, created_at, seq, sender_id, edited_at, words)
    SELECT chat_id, created_at, seq, sender_id, edited_at, ${toVectorOfMessage(words, 'attachment_count')} FROM ${messages}
    ON CONFLICT (chat_id, created_at, seq) DO UPDATE SET edited_at = excluded.edited_at, words = excluded.words
  )`;

/** A part of a WITH. @param messages the name of the part that holds the deleted ones: chat_id, created_at, seq */
export const forgetWords = (messages: string): string => `forgotten AS (
    DELETE FROM message_search gone USING ${messages} message
    WHERE gone.chat_id = message.chat_id AND gone.created_at = message.created_at AND gone.seq = message.seq
  )`;
