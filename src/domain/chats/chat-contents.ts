/**
 * The contents of chats as a viewer sees them: members, messages, the last message. Each read is one statement for any number of
 * chats, which checks visibility at the time it runs; every requested id gets an entry, empty if nothing is visible.
 */
import type { Queryable } from '../../db/database.js';
import type { MessageRow, UserFacts } from '../../log/event.js';
import { metadataOf, type JsonObject } from '../metadata.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from '../messages/message-row.js';
import { MEMBER_COLUMNS, toMember, type MemberColumns, type MemberRow } from './member-row.js';
import { createKeyset, pageSql, parsePage, toConnections, type Connection, type PageArgs } from '../page.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import { UNREAD_COUNT } from '../messages/unread.js';
import type { Viewer } from '../viewer.js';
import { CAN_SEE, CHAT_AND_OWN, OWN, viewerParams } from '../rules/visibility.js';

export interface ChatContents {
  /** Separate from the chat's own row, which is read for each event, page and change. */
  metadata(viewer: Viewer, chatIds: readonly bigint[]): Promise<Map<bigint, JsonObject>>;
  /** The newest message that is not deleted; null if there is none. */
  lastMessages(viewer: Viewer, chatIds: readonly bigint[]): Promise<Map<bigint, MessageRow | null>>;
  /** The oldest message by another user that is unread and not deleted; null if there is none, and if the viewer is not a member. */
  firstUnreadMessages(viewer: Viewer, chatIds: readonly bigint[]): Promise<Map<bigint, MessageRow | null>>;
  /**
   * Oldest first, deleted ones as tombstones; by default the newest 50. The same page for each chat.
   *
   * @throws BadUserInputError for a malformed page; `members` too
   */
  messages(viewer: Viewer, chatIds: readonly bigint[], page?: PageArgs): Promise<Map<bigint, Connection<MessageRow>>>;
  /** In the order in which their accounts were created, so that pages stay stable. The same page for each chat. */
  members(viewer: Viewer, chatIds: readonly bigint[], page?: PageArgs): Promise<Map<bigint, Connection<MemberRow>>>;
  /** Reads one index entry per member. */
  memberCounts(viewer: Viewer, chatIds: readonly bigint[]): Promise<Map<bigint, number>>;
  /** The two members of each chat of two (a message's receiver is the one who did not send it); empty for other chats. */
  pairs(viewer: Viewer, chatIds: readonly bigint[]): Promise<Map<bigint, UserFacts[]>>;
}

/** For `Chat.messages`, and for other pages that use its cursors. */
export const bySeq = createKeyset('messages', 'ascending', [['message.seq', 'int']]);
const byUser = createKeyset('members', 'ascending', [['member.user_id', 'bigint']]);

const SEEN = `FROM ${CHAT_AND_OWN}`;
const IS_SEEN = `WHERE chat.id = ANY($3::bigint[]) AND ${CAN_SEE}`;

const METADATA = `SELECT chat.id, chat.metadata ${SEEN} ${IS_SEEN} AND chat.metadata IS NOT NULL`;

const LAST_MESSAGES = `SELECT ${MESSAGE_COLUMNS} ${SEEN} CROSS JOIN LATERAL (
    SELECT * FROM message WHERE message.chat_id = chat.id AND message.deleted_at IS NULL ORDER BY message.seq DESC LIMIT 1
  ) message JOIN "user" person ON person.id = message.sender_id ${IS_SEEN}`;

/**
 * Searched only if something is unread, so that there is one to find: it skips the viewer's own messages and deleted ones after the
 * read position, and costs the same however much follows.
 */
const FIRST_UNREAD = `SELECT ${MESSAGE_COLUMNS} FROM chat JOIN ${OWN} CROSS JOIN LATERAL (
    SELECT * FROM message WHERE message.chat_id = chat.id AND message.seq > own.last_read_seq
      AND message.sender_id <> own.user_id AND message.deleted_at IS NULL ORDER BY message.seq LIMIT 1
  ) message JOIN "user" person ON person.id = message.sender_id
  WHERE chat.id = ANY($2::bigint[]) AND ${UNREAD_COUNT} > 0`;

const MEMBER_COUNTS = `SELECT chat.id, (SELECT count(*)::int FROM member WHERE member.chat_id = chat.id) AS count ${SEEN} ${IS_SEEN}`;

const PAIRS = `SELECT member.chat_id AS "chatId", ${PERSON_COLUMNS} ${SEEN}
  JOIN member ON member.chat_id = chat.id JOIN "user" person ON person.id = member.user_id
  ${IS_SEEN} AND chat.kind IN ('DIRECT', 'RELATION') ORDER BY member.user_id`;

export const createChatContents = (db: Queryable): ChatContents => ({
  metadata: async (viewer, chatIds) => {
    const rows = await db.query<{ id: bigint; metadata: string }>(METADATA, [...viewerParams(viewer), chatIds]);
    const metadata = new Map<bigint, JsonObject>(chatIds.map((chatId) => [chatId, {}]));
    for (const row of rows) metadata.set(row.id, metadataOf(row.metadata));
    return metadata;
  },

  lastMessages: async (viewer, chatIds) => {
    const rows = await db.query<MessageColumns>(LAST_MESSAGES, [...viewerParams(viewer), chatIds]);
    const last = new Map<bigint, MessageRow | null>(chatIds.map((chatId) => [chatId, null]));
    for (const row of rows) last.set(row.chatId, toMessage(row));
    return last;
  },

  firstUnreadMessages: async (viewer, chatIds) => {
    const rows = await db.query<MessageColumns>(FIRST_UNREAD, [viewer.id, chatIds]);
    const first = new Map<bigint, MessageRow | null>(chatIds.map((chatId) => [chatId, null]));
    for (const row of rows) first.set(row.chatId, toMessage(row));
    return first;
  },

  messages: async (viewer, chatIds, args = {}) => {
    const page = parsePage(bySeq, args, 'backward');
    const { where, orderBy, limit, params } = pageSql(bySeq, page, 5);
    const rows = await db.query<MessageColumns>(
      `SELECT ${MESSAGE_COLUMNS} ${SEEN} CROSS JOIN LATERAL (
         SELECT * FROM message WHERE message.chat_id = chat.id AND ${where} ORDER BY ${orderBy} LIMIT $4
       ) message JOIN "user" person ON person.id = message.sender_id ${IS_SEEN} ORDER BY chat.id, ${orderBy}`,
      [...viewerParams(viewer), chatIds, limit, ...params],
    );
    return toConnections(chatIds, rows.map(toMessage), page, (message) => bySeq.cursorOf([message.seq]));
  },

  members: async (viewer, chatIds, args = {}) => {
    const page = parsePage(byUser, args);
    const { where, orderBy, limit, params } = pageSql(byUser, page, 5);
    const rows = await db.query<MemberColumns>(
      `SELECT ${MEMBER_COLUMNS} ${SEEN} CROSS JOIN LATERAL (
         SELECT * FROM member WHERE member.chat_id = chat.id AND ${where} ORDER BY ${orderBy} LIMIT $4
       ) member JOIN "user" person ON person.id = member.user_id ${IS_SEEN} ORDER BY chat.id, ${orderBy}`,
      [...viewerParams(viewer), chatIds, limit, ...params],
    );
    return toConnections(chatIds, rows.map(toMember), page, (member) => byUser.cursorOf([member.userId]));
  },

  memberCounts: async (viewer, chatIds) => {
    const rows = await db.query<{ id: bigint; count: number }>(MEMBER_COUNTS, [...viewerParams(viewer), chatIds]);
    const counts = new Map(chatIds.map((chatId) => [chatId, 0]));
    for (const row of rows) counts.set(row.id, row.count);
    return counts;
  },

  pairs: async (viewer, chatIds) => {
    const rows = await db.query<PersonColumns & { chatId: bigint }>(PAIRS, [...viewerParams(viewer), chatIds]);
    const pairs = new Map<bigint, UserFacts[]>(chatIds.map((chatId) => [chatId, []]));
    for (const row of rows) pairs.get(row.chatId)?.push(toUser(row));
    return pairs;
  },
});
