/**
 * What is in chats, as a viewer sees it: members, messages, the last message. Each read is one statement for any number of
 * chats, and asks for visibility as it is when it runs; every id asked for is answered, with nothing where nothing is seen.
 */
import type { Queryable } from '../db/database.js';
import type { MessageRow, UserFacts } from '../log/event.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from './message-row.js';
import { MEMBER_COLUMNS, toMember, type MemberColumns, type MemberRow } from './member-row.js';
import { createKeyset, pageSql, readPage, toConnection, type Connection, type Page, type PageArgs } from './page.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from './person-row.js';
import type { Viewer } from './viewer.js';
import { CAN_SEE, CHAT_AND_OWN, viewerParams } from './visibility.js';

export interface ChatContents {
  /** The newest that is not deleted; null where there is none. */
  lastMessages(viewer: Viewer, chatIds: readonly bigint[]): Promise<Map<bigint, MessageRow | null>>;
  /**
   * Oldest first, deleted ones as tombstones; with neither `first` nor `last` the newest 50. The same page of each chat.
   *
   * @throws BadUserInputError for a malformed page; `members` too
   */
  messages(viewer: Viewer, chatIds: readonly bigint[], page?: PageArgs): Promise<Map<bigint, Connection<MessageRow>>>;
  /** In the order in which their accounts were made, so that pages stay in place. The same page of each chat. */
  members(viewer: Viewer, chatIds: readonly bigint[], page?: PageArgs): Promise<Map<bigint, Connection<MemberRow>>>;
  /** The two of each chat of two (a message's receiver is the one who did not send it); empty for other chats. */
  pairs(viewer: Viewer, chatIds: readonly bigint[]): Promise<Map<bigint, UserFacts[]>>;
}

const bySeq = createKeyset('messages', 'ascending', [['message.seq', 'int']]);
const byUser = createKeyset('members', 'ascending', [['member.user_id', 'bigint']]);

const SEEN = `FROM ${CHAT_AND_OWN}`;
const IS_SEEN = `WHERE chat.id = ANY($3::bigint[]) AND ${CAN_SEE}`;

const LAST_MESSAGES = `SELECT ${MESSAGE_COLUMNS} ${SEEN} CROSS JOIN LATERAL (
    SELECT * FROM message WHERE message.chat_id = chat.id AND message.deleted_at IS NULL ORDER BY message.seq DESC LIMIT 1
  ) message JOIN "user" person ON person.id = message.sender_id ${IS_SEEN}`;

const PAIRS = `SELECT member.chat_id AS "chatId", ${PERSON_COLUMNS} ${SEEN}
  JOIN member ON member.chat_id = chat.id JOIN "user" person ON person.id = member.user_id
  ${IS_SEEN} AND chat.kind IN ('DIRECT', 'RELATION')`;

export const createChatContents = (db: Queryable): ChatContents => ({
  lastMessages: async (viewer, chatIds) => {
    const rows = await db.query<MessageColumns>(LAST_MESSAGES, [...viewerParams(viewer), chatIds]);
    const last = new Map<bigint, MessageRow | null>(chatIds.map((chatId) => [chatId, null]));
    for (const row of rows) last.set(row.chatId, toMessage(row));
    return last;
  },

  messages: async (viewer, chatIds, args = {}) => {
    const page = readPage(bySeq, args, 'backward');
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
    const page = readPage(byUser, args);
    const { where, orderBy, limit, params } = pageSql(byUser, page, 5);
    const rows = await db.query<MemberColumns>(
      `SELECT ${MEMBER_COLUMNS} ${SEEN} CROSS JOIN LATERAL (
         SELECT * FROM member WHERE member.chat_id = chat.id AND ${where} ORDER BY ${orderBy} LIMIT $4
       ) member JOIN "user" person ON person.id = member.user_id ${IS_SEEN} ORDER BY chat.id, ${orderBy}`,
      [...viewerParams(viewer), chatIds, limit, ...params],
    );
    return toConnections(chatIds, rows.map(toMember), page, (member) => byUser.cursorOf([member.userId]));
  },

  pairs: async (viewer, chatIds) => {
    const rows = await db.query<PersonColumns & { chatId: bigint }>(PAIRS, [...viewerParams(viewer), chatIds]);
    const pairs = new Map<bigint, UserFacts[]>(chatIds.map((chatId) => [chatId, []]));
    for (const row of rows) pairs.get(row.chatId)?.push(toUser(row));
    return pairs;
  },
});

const toConnections = <Row extends { chatId: bigint }>(
  chatIds: readonly bigint[],
  rows: readonly Row[],
  page: Page,
  cursorOf: (row: Row) => string,
): Map<bigint, Connection<Row>> => {
  const rowsOf = new Map<bigint, Row[]>(chatIds.map((chatId) => [chatId, []]));
  for (const row of rows) rowsOf.get(row.chatId)?.push(row);
  return new Map([...rowsOf].map(([chatId, own]) => [chatId, toConnection(own, page, cursorOf)]));
};
