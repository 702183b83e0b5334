/** The statement that sends: it checks, numbers and writes a batch of messages. */
import type { ChatKind, Role } from '../generated/prisma/enums.js';
import { indexedUpTo, toVector, toVectorOfMessage } from './indexed.js';

/** A repeated key is compared by this. A text never holds NUL, so a message with metadata never equals one without. */
const hashOf = (
  table: string,
) => `sha256(convert_to(${table}.text, 'UTF8') || CASE WHEN ${table}.canonical_rest IS NULL THEN ''
    ELSE '\\x00'::bytea || convert_to(${table}.canonical_rest, 'UTF8') END)`;

/** The parts of the statement that only batches with extras need: others do not pay for them. */
interface ExtraParts {
  params: string;
  columns: string;
  locked: string;
  judged: string;
  isAccepted: string;
  joins: string;
  numbered: string;
  words: string;
  written: string;
  messageColumns: string;
  messageValues: string;
  answer: string;
}

const WITHOUT_EXTRAS: ExtraParts = {
  params: '',
  columns: '',
  locked: '',
  judged: '',
  isAccepted: '',
  joins: '',
  numbered: '',
  words: toVector('words'),
  written: '',
  messageColumns: '',
  messageValues: '',
  answer: '',
};

/** A message as JSON, with its sender: what an answer of many columns would say for one row of a thousand. */
const REPLIED = `json_build_object('seq', replied.seq, 'senderId', replied.sender_id::text, 'text', replied.text,
    'metadata', replied.metadata, 'clientMessageId', replied.client_message_id, 'createdAt', replied.created_at,
    'editedAt', replied.edited_at, 'changedSeq', replied.changed_seq, 'reactions', replied.reactions,
    'replyToSeq', replied.reply_to_seq, 'mentionIds', replied.mention_ids::text[], 'mentionsEveryone', replied.mentions_everyone,
    'pinnedAt', replied.pinned_at, 'attachmentCount', replied.attachment_count, 'username', replied_by.username, 'firstName', replied_by.first_name,
    'lastName', replied_by.last_name, 'role', replied_by.role, 'senderCreatedAt', replied_by.created_at, 'senderAvatar', replied_by.avatar)`;

const withExtras = (mayMentionEveryone: string): ExtraParts => ({
  params: `, (SELECT $12::int[]), (SELECT $13::text[]), (SELECT $14::boolean[]), (SELECT $15::text[])`,
  columns: ', reply_to_seq, mention_ids, mentions_everyone, attachment_ids',
  // Locked, although nobody else can change it meanwhile: only so is it read as it is after the wait for the chat's lock.
  locked: `, locked_replied AS MATERIALIZED (
  SELECT * FROM message
  WHERE (chat_id, seq) IN (SELECT input.chat_id, input.reply_to_seq FROM input JOIN locked_chat ON locked_chat.id = input.chat_id)
    AND deleted_at IS NULL ORDER BY chat_id, seq FOR SHARE
), first_named AS MATERIALIZED (
  SELECT file.id, sender_id, min(n) AS n FROM input CROSS JOIN LATERAL unnest(attachment_ids::bigint[]) AS file(id) GROUP BY file.id, sender_id
), locked_upload AS MATERIALIZED (
  SELECT id, owner_id FROM upload
  WHERE (id, owner_id) IN (SELECT unnest(input.attachment_ids::bigint[]), input.sender_id FROM input JOIN locked_chat ON locked_chat.id = input.chat_id)
    AND purpose = 'ATTACHMENT' AND stored_at IS NOT NULL AND expires_at > now() ORDER BY id FOR UPDATE
)`,
  judged: `, replied.seq AS replied_seq, coalesce(${mayMentionEveryone}, false) AS may_mention_everyone,
    lacking.stranger_ids, lacking.file_ids AS lacking_file_ids`,
  isAccepted: `AND (input.reply_to_seq IS NULL OR replied.seq IS NOT NULL)
    AND (NOT input.mentions_everyone OR coalesce(${mayMentionEveryone}, false))
    AND lacking.stranger_ids = '{}' AND lacking.file_ids = '{}'`,
  joins: `LEFT JOIN locked_replied replied ON replied.chat_id = input.chat_id AND replied.seq = input.reply_to_seq
  CROSS JOIN LATERAL (SELECT
    ARRAY(SELECT mentioned.id FROM unnest(input.mention_ids::bigint[]) AS mentioned(id) WHERE NOT EXISTS (
      SELECT FROM member WHERE member.chat_id = input.chat_id AND member.user_id = mentioned.id)) AS stranger_ids,
    ARRAY(SELECT file.id FROM unnest(input.attachment_ids::bigint[]) AS file(id) WHERE NOT EXISTS (
      SELECT FROM locked_upload JOIN first_named ON first_named.id = locked_upload.id AND first_named.sender_id = locked_upload.owner_id
      WHERE locked_upload.id = file.id AND locked_upload.owner_id = input.sender_id AND first_named.n = input.n)) AS file_ids
  ) lacking`,
  numbered: `, reply_to_seq, mention_ids, mentions_everyone, attachment_ids,
    coalesce(cardinality(attachment_ids::bigint[]), 0) AS attachment_count`,
  words: toVectorOfMessage('words', 'attachment_count'),
  written: `, written_reply AS (
  INSERT INTO reply (chat_id, message_seq, seq) SELECT chat_id, reply_to_seq, seq FROM numbered WHERE reply_to_seq IS NOT NULL
), written_mention AS (
  INSERT INTO mention (chat_id, user_id, message_seq, sender_id)
  SELECT chat_id, mentioned.id, seq, sender_id FROM numbered CROSS JOIN LATERAL unnest(mention_ids::bigint[]) AS mentioned(id)
  UNION ALL SELECT chat_id, 0, seq, sender_id FROM numbered WHERE mentions_everyone
), written_upload AS (
  UPDATE upload SET chat_id = numbered.chat_id, message_seq = numbered.seq, position = file.n::int, expires_at = NULL
  FROM numbered CROSS JOIN LATERAL unnest(attachment_ids::bigint[]) WITH ORDINALITY AS file(id, n) WHERE upload.id = file.id
)`,
  messageColumns: ', reply_to_seq, mention_ids, mentions_everyone, attachment_count',
  messageValues: ', reply_to_seq, mention_ids::bigint[], mentions_everyone, attachment_count',
  answer: `, judged.reply_to_seq IS NULL OR judged.replied_seq IS NOT NULL AS "isReplyFound", judged.stranger_ids AS "strangerIds",
  judged.lacking_file_ids AS "lackingFileIds",  judged.may_mention_everyone AS "mayMentionEveryone", (
    SELECT ${REPLIED}::text FROM locked_replied replied JOIN "user" replied_by ON replied_by.id = replied.sender_id
    WHERE numbered.seq IS NOT NULL AND replied.chat_id = judged.chat_id AND replied.seq = judged.replied_seq) AS replied`,
});

/**
 * One statement for a batch of messages; `$1` to `$11`, with extras `$15`, are arrays of what each has.
 *
 * The right to write comes from rows that this statement has locked: first the chat's, then the member's; only then does the message
 * take its seq. A plain read of `member` would use the snapshot from before the wait for the chat's lock, and a removed member's
 * message would follow their removal. For the same reason `earlier` may miss a key that was committed during that wait: the
 * unique constraint then refuses the whole statement, and it is retried. (`ON CONFLICT DO NOTHING` would leave a seq
 * without an event.) Times rise with the seqs, even if the clock was set back.
 *
 * The planner must not see how long the arrays are, hence the subqueries: it would plan each lone send again, for one row, which takes
 * longer than to execute it. Instead, it soon keeps one plan for all batches.
 *
 * @param maySend SQL, over the rows that the statement has locked
 * @param mayMentionEveryone SQL as `maySend`, for batches with extras
 */
export const sendSql = (maySend: string, mayMentionEveryone?: string): string => {
  const extra = mayMentionEveryone === undefined ? WITHOUT_EXTRAS : withExtras(mayMentionEveryone);
  return `
WITH input AS MATERIALIZED (
  SELECT * FROM unnest((SELECT $1::int[]), (SELECT $2::bigint[]), (SELECT $3::bigint[]), (SELECT $4::text[]), (SELECT $5::text[]),
    (SELECT $6::int[]), (SELECT $7::boolean[]), (SELECT $8::boolean[]), (SELECT $9::text[]), (SELECT $10::text[]),
    (SELECT $11::text[])${extra.params})
    AS input(n, chat_id, sender_id, text, client_message_id, mark, is_within_limit, is_present, metadata, canonical_rest, words${extra.columns})
), locked_chat AS MATERIALIZED (
  SELECT id, kind, closed_at, has_business, is_blocked, head_seq, head_mark, message_count, activity_at FROM chat
  WHERE id IN (SELECT chat_id FROM input) ORDER BY id FOR NO KEY UPDATE
), locked_member AS MATERIALIZED (
  SELECT chat_id, user_id, role FROM member
  WHERE (chat_id, user_id) IN (SELECT input.chat_id, input.sender_id FROM input JOIN locked_chat ON locked_chat.id = input.chat_id)
  ORDER BY chat_id, user_id FOR NO KEY UPDATE
)${extra.locked}, judged AS MATERIALIZED (
  SELECT input.*, locked_chat.kind, locked_chat.closed_at, locked_chat.has_business, locked_chat.is_blocked, locked_chat.head_seq, locked_chat.head_mark,
    locked_chat.message_count, locked_chat.activity_at, locked_member.user_id IS NOT NULL AS is_member, earlier.seq AS earlier_seq,
    ${maySend} AND locked_chat.closed_at IS NULL AND input.is_within_limit AND earlier.seq IS NULL ${extra.isAccepted} AS is_accepted${extra.judged}
  FROM input
  LEFT JOIN "user" sender ON sender.id = input.sender_id
  LEFT JOIN locked_chat ON locked_chat.id = input.chat_id
  LEFT JOIN locked_member ON locked_member.chat_id = input.chat_id AND locked_member.user_id = input.sender_id
  LEFT JOIN message earlier ON earlier.chat_id = input.chat_id AND earlier.sender_id = input.sender_id
    AND earlier.client_message_id = input.client_message_id
  ${extra.joins}
), numbered AS MATERIALIZED (
  SELECT n, chat_id, sender_id, text, metadata, canonical_rest, words, client_message_id, mark${extra.numbered},
    head_seq + (row_number() OVER (PARTITION BY chat_id ORDER BY n))::int AS seq,
    message_count + (row_number() OVER (PARTITION BY chat_id ORDER BY n))::int AS ordinal,
    greatest(date_trunc('milliseconds', clock_timestamp()), activity_at) AS sent_at
  FROM judged WHERE is_accepted
), moved_chat AS (
  UPDATE chat SET head_seq = last.seq, head_mark = last.mark, message_count = last.ordinal, activity_at = last.sent_at,
    ${indexedUpTo('last.seq')}
  FROM (SELECT DISTINCT ON (chat_id) chat_id, seq, mark, ordinal, sent_at FROM numbered ORDER BY chat_id, seq DESC) last
  WHERE chat.id = last.chat_id
), moved_member AS (
  UPDATE member SET sent_count = sent_count + sent.count
  FROM (SELECT chat_id, sender_id, count(*)::int AS count FROM numbered GROUP BY chat_id, sender_id) sent
  WHERE member.chat_id = sent.chat_id AND member.user_id = sent.sender_id
), written_event AS (
  INSERT INTO event (chat_id, seq, mark, type, actor_id, created_at)
  SELECT chat_id, seq, mark, 'MESSAGE_SENT', sender_id, sent_at FROM numbered
), written_message AS (
  INSERT INTO message (chat_id, seq, ordinal, sender_id, text, metadata, text_hash, client_message_id, created_at, changed_seq${extra.messageColumns})
  SELECT chat_id, seq, ordinal, sender_id, text, metadata, ${hashOf('numbered')}, client_message_id, sent_at, seq${extra.messageValues}
  FROM numbered
), written_words AS (
  INSERT INTO message_search (chat_id, created_at, seq, sender_id, words)
  SELECT chat_id, sent_at, seq, sender_id, ${extra.words} FROM numbered
)${extra.written}
SELECT judged.n, judged.kind, judged.closed_at AS "closedAt", judged.has_business AS "hasBusiness", judged.is_blocked AS "isBlocked", judged.is_member AS "isMember",
  judged.head_mark AS "markBefore", numbered.seq, numbered.sent_at AS "sentAt",
  sender.username, sender.first_name AS "firstName", sender.last_name AS "lastName", sender.role, sender.created_at AS "senderCreatedAt", sender.avatar AS "senderAvatar",
  earlier.seq AS "earlierSeq", earlier.text AS "earlierText", earlier.metadata AS "earlierMetadata",
  earlier.text_hash = ${hashOf('judged')} AS "isSame",
  earlier.created_at AS "earlierCreatedAt", earlier.edited_at AS "earlierEditedAt", earlier.deleted_at AS "earlierDeletedAt",
  earlier.changed_seq AS "earlierChangedSeq", earlier.reactions AS "earlierReactions", earlier.pinned_at AS "earlierPinnedAt",
  earlier.reply_to_seq AS "earlierReplyToSeq", earlier.mention_ids AS "earlierMentionIds",
  earlier.mentions_everyone AS "earlierMentionsEveryone", earlier.attachment_count AS "earlierAttachmentCount"${extra.answer}
FROM judged
LEFT JOIN numbered ON numbered.n = judged.n
LEFT JOIN "user" sender ON sender.id = judged.sender_id
LEFT JOIN message earlier ON earlier.chat_id = judged.chat_id AND earlier.seq = judged.earlier_seq`;
};

export interface SendRow {
  n: number;
  kind: ChatKind | null;
  closedAt: Date | null;
  hasBusiness: boolean;
  isBlocked: boolean;
  isMember: boolean;
  /** The mark of the event that was the chat's newest before this statement. */
  markBefore: number;
  seq: number | null;
  sentAt: Date;
  username: string;
  firstName: string;
  lastName: string;
  role: Role;
  senderCreatedAt: Date;
  senderAvatar: string | null;
  earlierSeq: number | null;
  earlierText: string | null;
  earlierMetadata: string | null;
  isSame: boolean | null;
  earlierCreatedAt: Date;
  earlierEditedAt: Date | null;
  earlierDeletedAt: Date | null;
  earlierChangedSeq: number;
  earlierReactions: string | null;
  earlierPinnedAt: Date | null;
  earlierReplyToSeq: number | null;
  earlierMentionIds: bigint[] | null;
  earlierMentionsEveryone: boolean;
  earlierAttachmentCount: number;
  /** These only if the batch has extras. */
  isReplyFound?: boolean;
  strangerIds?: bigint[];
  lackingFileIds?: bigint[];
  mayMentionEveryone?: boolean;
  /** As JSON: `RepliedRow`. */
  replied?: string | null;
}
