/** What generated messages have besides their text: few have anything, so that a chat without them costs nothing more. */
import { runOver } from '../db/bulk.js';
import type { Queryable } from '../db/database.js';
import { countReaction, textOfCounts, type ReactionCounts } from '../domain/messages/reaction-counts.js';
import type { PastMessage } from './chat-history.js';

export interface WrittenMessage {
  /** The chat's. */
  id: bigint;
  message: PastMessage;
}

const REPLIES = `
WITH given AS (SELECT * FROM unnest($1::bigint[], $2::int[], $3::int[]) AS given(chat_id, seq, reply_to_seq)), replying AS (
  UPDATE message SET reply_to_seq = given.reply_to_seq FROM given WHERE message.chat_id = given.chat_id AND message.seq = given.seq
)
INSERT INTO reply (chat_id, message_seq, seq) SELECT chat_id, reply_to_seq, seq FROM given`;

const MENTIONS = `
WITH given AS (
  SELECT chat_id, seq, sender_id, ids::bigint[] AS ids
  FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[]) AS given(chat_id, seq, sender_id, ids)
), mentioning AS (
  UPDATE message SET mention_ids = given.ids FROM given WHERE message.chat_id = given.chat_id AND message.seq = given.seq
)
INSERT INTO mention (chat_id, user_id, message_seq, sender_id)
SELECT chat_id, user_id, seq, sender_id FROM given CROSS JOIN LATERAL unnest(ids) AS mentioned(user_id)`;

const REACTIONS = `
INSERT INTO reaction (chat_id, message_seq, user_id, emoji, seq)
SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[], $5::int[])`;

const COUNTS = `
UPDATE message SET reactions = given.reactions FROM unnest($1::bigint[], $2::int[], $3::text[]) AS given(chat_id, seq, reactions)
WHERE message.chat_id = given.chat_id AND message.seq = given.seq`;

const PINS = `
WITH given AS (SELECT * FROM unnest($1::bigint[], $2::int[], $3::timestamptz[]) AS given(chat_id, seq, pinned_at)), pinned AS (
  UPDATE message SET pinned_at = given.pinned_at FROM given WHERE message.chat_id = given.chat_id AND message.seq = given.seq
)
UPDATE chat SET pinned_seqs = pins.seqs
FROM (SELECT chat_id, array_agg(seq ORDER BY pinned_at, seq) AS seqs FROM given GROUP BY chat_id) pins WHERE chat.id = pins.chat_id`;

/** After the messages are written, in the same transaction. */
export const writeExtras = async (tx: Queryable, messages: readonly WrittenMessage[]): Promise<void> => {
  const present = messages.filter(({ message }) => message.deletedAt === null);
  const replies = present.filter(({ message }) => message.replyToSeq !== null);
  if (replies.length > 0)
    await runOver(tx, REPLIES, replies, ({ id, message }) => [id, message.seq, message.replyToSeq]);
  const mentions = present.filter(({ message }) => message.mentionIds.length > 0);
  if (mentions.length > 0)
    await runOver(tx, MENTIONS, mentions, ({ id, message }) => [
      id,
      message.seq,
      message.senderId,
      `{${message.mentionIds.join(',')}}`,
    ]);
  const reacted = present.filter(({ message }) => message.reactions.length > 0);
  if (reacted.length > 0) {
    const reactions = reacted.flatMap(({ id, message }) => message.reactions.map((one) => ({ id, message, one })));
    await runOver(tx, REACTIONS, reactions, ({ id, message, one }) => [
      id,
      message.seq,
      one.userId,
      one.emoji,
      one.seq,
    ]);
    await runOver(tx, COUNTS, reacted, ({ id, message }) => [id, message.seq, countsOf(message)]);
  }
  const pinned = present.filter(({ message }) => message.pinnedAt !== null);
  if (pinned.length > 0) await runOver(tx, PINS, pinned, ({ id, message }) => [id, message.seq, message.pinnedAt]);
};

const countsOf = ({ reactions }: PastMessage): string | null => {
  const counts: ReactionCounts = new Map();
  for (const { emoji } of reactions) countReaction(counts, emoji, 1);
  return textOfCounts(counts);
};
