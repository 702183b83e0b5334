/** Checks everything that the log promises by counting it all over again, with none of the code that keeps it. */
import type { Queryable } from '../../src/db/database.js';
import { UNREAD_COUNT } from '../../src/domain/messages/unread.js';

/** Each finds the rows that break one promise, in less time than a statement has, were a chat some ten thousand messages long. */
const problems: Record<string, string> = {
  'the numbers of a chat run from 0 to its head': `
    SELECT chat.id FROM chat LEFT JOIN event ON event.chat_id = chat.id GROUP BY chat.id
    HAVING count(event.seq) <> chat.head_seq + 1 OR min(event.seq) <> 0 OR max(event.seq) <> chat.head_seq`,
  "the head's mark is its event's": `
    SELECT chat.id FROM chat JOIN event ON chat_id = id AND seq = head_seq WHERE mark <> head_mark`,
  'row 0, and only that, tells of the making': `
    SELECT chat_id FROM event WHERE (seq = 0) <> (type = 'CHAT_CREATED')`,
  'time goes forward': `
    SELECT chat_id FROM (SELECT chat_id, created_at < lag(created_at) OVER (PARTITION BY chat_id ORDER BY seq) AS is_back FROM event) one
    WHERE is_back`,
  'each MESSAGE_SENT has its message, and each message that': `
    SELECT chat_id, seq FROM (SELECT * FROM event WHERE type = 'MESSAGE_SENT') event FULL JOIN message USING (chat_id, seq)
    WHERE event.actor_id IS DISTINCT FROM message.sender_id OR event.created_at IS DISTINCT FROM message.created_at`,
  'messages are counted by their ordinals': `
    SELECT chat_id FROM (SELECT chat_id, ordinal, row_number() OVER (PARTITION BY chat_id ORDER BY seq) AS n FROM message) one
    WHERE ordinal <> n
    UNION ALL SELECT id FROM chat WHERE message_count <> (SELECT count(*) FROM message WHERE chat_id = id)`,
  'a chat was last active with its newest message': `
    SELECT id FROM chat WHERE activity_at <> coalesce(
      (SELECT created_at FROM message WHERE chat_id = id ORDER BY seq DESC LIMIT 1), chat.created_at)`,
  'a message says by which event it changed last': `
    SELECT message.chat_id, message.seq FROM message LEFT JOIN (
      SELECT chat_id, of_seq, max(seq) AS seq FROM event CROSS JOIN unnest(message_seqs) of_seq GROUP BY chat_id, of_seq) last
    ON last.chat_id = message.chat_id AND of_seq = message.seq
    WHERE changed_seq <> coalesce(last.seq, message.seq)`,
  'what was edited or deleted says so, and nothing else does': `
    SELECT message.chat_id, message.seq FROM message LEFT JOIN (
      SELECT chat_id, of_seq, bool_or(type = 'MESSAGE_EDITED') AS edited, bool_or(type = 'MESSAGES_DELETED') AS deleted
      FROM event CROSS JOIN unnest(message_seqs) of_seq GROUP BY chat_id, of_seq) happened
    ON happened.chat_id = message.chat_id AND of_seq = message.seq
    WHERE (edited_at IS NOT NULL) <> coalesce(edited, false) OR (deleted_at IS NOT NULL) <> coalesce(deleted, false)
      OR (text IS NULL) <> coalesce(deleted, false)`,
  'the hash is that of the text as first sent': `
    SELECT chat_id, seq FROM message WHERE edited_at IS NULL AND text_hash <> sha256(convert_to(text, 'UTF8'))`,
  'who was brought in last is a member, who went last is none': `
    SELECT last.chat_id, last.user_id FROM (
      SELECT DISTINCT ON (chat_id, user_id) chat_id, user_id, type FROM event WHERE user_id IS NOT NULL ORDER BY chat_id, user_id, seq DESC) last
    LEFT JOIN member USING (chat_id, user_id) WHERE (type = 'MEMBER_ADDED') <> (member.user_id IS NOT NULL)`,
  'only members write': `
    WITH membership AS MATERIALIZED (SELECT chat_id, user_id, seq, type FROM event WHERE user_id IS NOT NULL)
    SELECT message.chat_id, message.seq FROM message CROSS JOIN LATERAL (
      SELECT type FROM membership WHERE membership.chat_id = message.chat_id AND user_id = message.sender_id AND membership.seq < message.seq
      ORDER BY membership.seq DESC LIMIT 1) last
    WHERE type = 'MEMBER_REMOVED'`,
  'the counters of a member are what one counts': `
    SELECT member.chat_id, member.user_id FROM member CROSS JOIN LATERAL (
      SELECT coalesce(max(event.seq), 0) AS joined FROM event WHERE event.chat_id = member.chat_id AND event.user_id = member.user_id) since
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE seq <= last_read_seq) AS read,
        count(*) FILTER (WHERE sender_id = member.user_id AND seq > joined) AS sent,
        count(*) FILTER (WHERE sender_id = member.user_id AND seq > joined AND seq <= last_read_seq) AS read_sent
      FROM message WHERE message.chat_id = member.chat_id) counted
    JOIN chat ON chat.id = member.chat_id
    WHERE read_count <> read OR sent_count <> sent OR read_sent_count <> read_sent
      OR last_read_seq < joined OR last_read_seq > head_seq OR set_aside_seq > head_seq`,
  'a MATCH has two brands, whose owners are its members, and says what they pay for': `
    SELECT chat.id FROM chat LEFT JOIN chat_brand ON chat_brand.chat_id = chat.id LEFT JOIN brand ON brand.id = brand_id
    LEFT JOIN member ON member.chat_id = chat.id AND member.user_id = brand.owner_id GROUP BY chat.id
    HAVING has_business <> coalesce(bool_or(plan = 'BUSINESS'), false)
      OR (kind = 'MATCH' AND (count(brand.id) <> 2 OR count(member.user_id) <> 2)) OR (kind <> 'MATCH' AND count(brand.id) > 0)`,
  'a relation has the chat of its pair, which is open': `
    SELECT relation.id FROM relation JOIN chat ON chat.id = relation.chat_id
    WHERE kind <> 'RELATION' OR closed_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM chat_key WHERE chat_key.chat_id = chat.id AND key = 'relation:' || manager_id || ':' || client_id)
      OR ARRAY(SELECT user_id FROM member WHERE member.chat_id = chat.id ORDER BY user_id)
        <> ARRAY[least(manager_id, client_id), greatest(manager_id, client_id)]`,
  'what is unread is what one counts': `
    SELECT own.chat_id, own.user_id FROM member own JOIN chat ON chat.id = own.chat_id
    WHERE ${UNREAD_COUNT} <> (SELECT count(*) FROM message WHERE message.chat_id = own.chat_id
      AND message.seq > own.last_read_seq AND sender_id <> own.user_id AND deleted_at IS NULL)`,
  'a dialog is found by its two members': `
    SELECT id FROM chat JOIN (SELECT chat_id, array_agg(user_id ORDER BY user_id) AS ids FROM member GROUP BY chat_id) members ON chat_id = id
    LEFT JOIN chat_key ON chat_key.chat_id = id
    WHERE kind = 'DIRECT' AND key IS DISTINCT FROM 'direct:' || ids[1] || ':' || ids[2]`,
  'a dialog says whether one of its two has blocked the other': `
    SELECT id FROM chat WHERE is_blocked <> (kind = 'DIRECT' AND EXISTS (
      SELECT FROM block JOIN member own ON own.user_id = block.user_id AND own.chat_id = chat.id
      JOIN member other ON other.user_id = block.blocked_id AND other.chat_id = chat.id))`,
  'what is indexed has its words, and what is deleted has none': `
    SELECT message.chat_id, message.seq FROM message JOIN chat ON chat.id = message.chat_id
    LEFT JOIN search_gap gap ON gap.chat_id = message.chat_id AND message.seq >= from_seq AND message.seq < before_seq
    LEFT JOIN message_search words
      ON words.chat_id = message.chat_id AND words.created_at = message.created_at AND words.seq = message.seq
    WHERE changed_seq <= indexed_seq AND gap.chat_id IS NULL AND ((words.seq IS NULL) <> (deleted_at IS NOT NULL)
      OR words.edited_at IS DISTINCT FROM message.edited_at AND deleted_at IS NULL)`,
  'a slug is a key': `
    SELECT id FROM chat LEFT JOIN chat_key ON chat_id = id AND key = 'slug:' || slug WHERE slug IS NOT NULL AND key IS NULL`,
};

/** @returns the promises that are broken, with how often; empty where all hold */
export const logProblems = async (db: Queryable): Promise<string[]> => {
  const broken: string[] = [];
  for (const [promise, sql] of Object.entries(problems)) {
    const rows = await db.query(sql);
    if (rows.length > 0) broken.push(`${promise}: ${rows.length}`);
  }
  return broken;
};
