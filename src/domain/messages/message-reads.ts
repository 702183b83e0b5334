/** Messages as a viewer sees them, across chats. Each read is one statement, which checks visibility at the time it runs. */
import type { Queryable } from '../../db/database.js';
import type { MessageRow } from '../../log/event.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from './message-row.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import type { Viewer } from '../viewer.js';
import { CAN_SEE, CHAT_AND_OWN, OWN, viewerParams } from '../rules/visibility.js';

export interface MessageReads {
  /** In the order of `keys`, null for messages that do not exist or are not visible; deleted ones as tombstones. */
  byKeys(viewer: Viewer, keys: readonly { chatId: bigint; seq: number }[]): Promise<(MessageRow | null)[]>;
  /**
   * Newest first: every message that the viewer sent or received in chats of two, or the messages of one chat.
   *
   * @returns null if the chat does not exist, or the viewer may not see it
   * @throws BadUserInputError for a malformed page
   */
  list(viewer: Viewer, chatId: bigint | null, page?: PageArgs): Promise<Connection<MessageRow> | null>;
}

const newest = createKeyset('chatMessages', 'descending', [['message.seq', 'int']]);
const newestOfAll = createKeyset('myMessages', 'descending', [
  ['message.created_at', 'time'],
  ['message.chat_id', 'bigint'],
  ['message.seq', 'int'],
]);

const BY_KEYS = `SELECT ${MESSAGE_COLUMNS}, asked.n::int AS n
  FROM unnest($3::bigint[], $4::int[]) WITH ORDINALITY AS asked(chat_id, seq, n)
  JOIN chat ON chat.id = asked.chat_id LEFT JOIN ${OWN}
  JOIN message ON message.chat_id = asked.chat_id AND message.seq = asked.seq
  JOIN "user" person ON person.id = message.sender_id WHERE ${CAN_SEE}`;

export const createMessageReads = (db: Queryable): MessageReads => ({
  byKeys: async (viewer, keys) => {
    const rows = await db.query<MessageColumns & { n: number }>(BY_KEYS, [
      ...viewerParams(viewer),
      keys.map((key) => key.chatId),
      keys.map((key) => key.seq),
    ]);
    const found = new Map(rows.map((row) => [row.n, toMessage(row)]));
    return keys.map((_key, index) => found.get(index + 1) ?? null);
  },

  list: (viewer, chatId, args = {}) =>
    chatId === null ? listAll(db, viewer, args) : listOne(db, viewer, chatId, args),
});

/** Reads the chat's row too, without messages, to tell an empty chat from one that is not visible. */
const listOne = async (db: Queryable, viewer: Viewer, chatId: bigint, args: PageArgs) => {
  const page = parsePage(newest, args);
  const { where, orderBy, limit, params } = pageSql(newest, page, 4);
  const rows = await db.query<MessageColumns & { seq: number | null }>(
    `SELECT ${MESSAGE_COLUMNS} FROM ${CHAT_AND_OWN} LEFT JOIN LATERAL (
       SELECT * FROM message WHERE message.chat_id = chat.id AND ${where} ORDER BY ${orderBy} LIMIT ${limit}
     ) message ON true LEFT JOIN "user" person ON person.id = message.sender_id
     WHERE chat.id = $3::bigint AND ${CAN_SEE} ORDER BY ${orderBy}`,
    [...viewerParams(viewer), chatId, ...params],
  );
  if (rows.length === 0) return null;
  const messages = rows.filter((row) => row.seq !== null).map(toMessage);
  return toConnection(messages, page, (message) => newest.cursorOf([message.seq]));
};

/**
 * Reads from each chat of two only as many messages as a page holds: within a chat `seq` is the order of time. Costs as much
 * as the viewer has such chats, whatever these hold.
 */
const listAll = async (db: Queryable, viewer: Viewer, args: PageArgs) => {
  const page = parsePage(newestOfAll, args);
  const { where, orderBy, limit, params } = pageSql(newestOfAll, page, 2);
  const direction = page.direction === 'forward' ? 'DESC' : 'ASC';
  const rows = await db.query<MessageColumns>(
    `SELECT ${MESSAGE_COLUMNS} FROM member own JOIN chat ON chat.id = own.chat_id CROSS JOIN LATERAL (
       SELECT * FROM message WHERE message.chat_id = chat.id AND ${where} ORDER BY message.seq ${direction} LIMIT ${limit}
     ) message JOIN "user" person ON person.id = message.sender_id
     WHERE own.user_id = $1 AND chat.kind IN ('DIRECT', 'RELATION') ORDER BY ${orderBy} LIMIT ${limit}`,
    [viewer.id, ...params],
  );
  return toConnection(rows.map(toMessage), page, (message) =>
    newestOfAll.cursorOf([message.createdAt, message.chatId, message.seq]),
  );
};
