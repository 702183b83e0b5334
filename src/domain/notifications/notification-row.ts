/**
 * Notifications as they are read: stored ones, and NEW_MESSAGE, which is derived from the member's row, so that unread messages
 * and their notification cannot disagree.
 */
import type { NotificationKind } from '../../generated/prisma/enums.js';
import type { MessageRow, UserFacts } from '../../log/event.js';
import { UNREAD_MENTIONS } from '../messages/mention-reads.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from '../messages/message-row.js';
import { toUser } from '../person-row.js';
import { MAY_BE_NOTIFIED } from '../own-settings.js';
import { MAY_HAVE_UNREAD, UNREAD_COUNT } from '../messages/unread.js';

export interface NotificationRow {
  /** Unique: `m` and the chat's id for NEW_MESSAGE, of which each chat has one; otherwise the row's id. */
  id: string;
  userId: bigint;
  kind: NotificationKind | 'NEW_MESSAGE';
  /** Whether to show the chat is for the rules to decide: a viewer who has left it no longer sees it. */
  chatId: bigint | null;
  /** For NEW_MESSAGE the newest unread message by another user; null if there is none (any longer). */
  message: MessageRow | null;
  /** The sender of that message, or the user whose action this is about. */
  sender: UserFacts | null;
  /** For NEW_MESSAGE the chat's unread count; otherwise 0. */
  unreadCount: number;
  /** How many of those mention the user. */
  mentionCount: number;
  createdAt: Date;
  /** Always null for NEW_MESSAGE. */
  readAt: Date | null;
}

/** The table that an entry comes from. */
export const STORED = 0;
export const DERIVED = 1;

const NEWEST_MENTION = `(SELECT max(mention.message_seq) FROM mention
  WHERE mention.chat_id = own.chat_id AND mention.user_id IN (own.user_id, 0) AND mention.sender_id <> own.user_id
    AND mention.message_seq > greatest(own.last_read_seq, own.set_aside_seq))`;

/** For a `member own` and its `chat`: the newest message that is neither read nor set aside. A LATERAL join, on its own. */
export const NEWEST_NEWS = `(
  SELECT * FROM message WHERE message.chat_id = own.chat_id AND message.seq > greatest(own.last_read_seq, own.set_aside_seq)
    AND message.sender_id <> own.user_id AND message.deleted_at IS NULL
    AND (own.notify_about <> 'MENTIONS' OR message.seq = ${NEWEST_MENTION}) ORDER BY message.seq DESC LIMIT 1)`;

/** Whether there may be any: cheaper than reading it. */
export const MAY_HAVE_NEWS = `(${MAY_HAVE_UNREAD} AND chat.head_seq > own.set_aside_seq AND ${MAY_BE_NOTIFIED})`;

const NEWS = `
  SELECT ${DERIVED} AS source, own.chat_id AS id, own.user_id, 'NEW_MESSAGE' AS kind, own.chat_id, message.sender_id AS actor_id,
    message.seq AS message_seq, message.created_at, NULL::timestamptz AS read_at
  FROM member own JOIN chat ON chat.id = own.chat_id CROSS JOIN LATERAL ${NEWEST_NEWS} message
  WHERE own.user_id = $1 AND ${MAY_HAVE_NEWS}`;

/** @param where a condition on `notification` */
export const stored = (where: string): string => `
  SELECT ${STORED} AS source, notification.id, notification.user_id, notification.kind::text, notification.chat_id,
    notification.actor_id, NULL::int AS message_seq, notification.created_at, notification.read_at
  FROM notification WHERE notification.user_id = $1 AND ${where}`;

/** All notifications of user `$1`, or the unread ones. */
export const everything = (unreadOnly: boolean): string =>
  `${NEWS} UNION ALL ${stored(unreadOnly ? 'notification.read_at IS NULL' : 'true')}`;

/** Entries joined with the rows that belong to them; `entries` is a CTE of the columns above. */
export const ENTRY_COLUMNS = `entry.source, entry.id, entry.user_id AS "userId", entry.kind, entry.chat_id AS "entryChatId",
  entry.created_at AS "entryCreatedAt", entry.read_at AS "readAt",
  CASE WHEN entry.message_seq IS NOT NULL THEN ${UNREAD_COUNT} ELSE 0 END AS "unreadCount",
  CASE WHEN entry.message_seq IS NOT NULL THEN ${UNREAD_MENTIONS} ELSE 0 END AS "mentionCount", ${MESSAGE_COLUMNS}`;

export const ENTRY_JOINS = `LEFT JOIN chat ON chat.id = entry.chat_id
  LEFT JOIN member own ON own.chat_id = entry.chat_id AND own.user_id = entry.user_id
  LEFT JOIN message ON message.chat_id = entry.chat_id AND message.seq = entry.message_seq
  LEFT JOIN "user" person ON person.id = entry.actor_id`;

type Nullable<Row> = { [Name in keyof Row]: Row[Name] | null };

export type EntryRow = Nullable<MessageColumns> & {
  source: number;
  id: bigint;
  userId: bigint;
  kind: NotificationRow['kind'];
  entryChatId: bigint | null;
  entryCreatedAt: Date;
  readAt: Date | null;
  unreadCount: number | null;
  mentionCount: number | null;
};

export const toNotification = (row: EntryRow): NotificationRow => ({
  id: row.source === DERIVED ? `m${row.id}` : String(row.id),
  userId: row.userId,
  kind: row.kind,
  chatId: row.entryChatId,
  message: row.seq === null ? null : toMessage(row as MessageColumns),
  sender: row.personId === null ? null : toUser(row as MessageColumns),
  unreadCount: row.unreadCount ?? 0,
  mentionCount: row.mentionCount ?? 0,
  createdAt: row.entryCreatedAt,
  readAt: row.readAt,
});

const MAX_ID = 2n ** 63n - 1n;

/** @returns null if it is not a notification's id */
export const parseNotificationId = (id: string): { source: number; id: bigint } | null => {
  const match = /^(m?)([1-9]\d{0,18})$/.exec(id);
  if (match === null) return null;
  const number = BigInt(match[2]!);
  return number <= MAX_ID ? { source: match[1] === 'm' ? DERIVED : STORED, id: number } : null;
};
