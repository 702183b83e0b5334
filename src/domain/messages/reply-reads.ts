/**
 * Replies, as a viewer sees them: what a message replies to, and what replies to it. One statement for all that is asked for in one
 * turn of the event loop; nothing of a chat that the viewer may not see.
 */
import type { Queryable } from '../../db/database.js';
import type { MessageRow } from '../../log/event.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import { toEach } from '../rules/asked-chats.js';
import {
  askedMessageParams,
  gatherMessageParts,
  gatherMessages,
  SEEN_MESSAGE,
  SEEN_MESSAGES,
  toEachMessage,
  type MessageKey,
  type SeenOfMessage,
} from '../rules/asked-messages.js';
import type { Viewer } from '../viewer.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from './message-row.js';

export interface ReplyReads {
  /** As it is now, a tombstone once deleted; null if it does not exist. */
  message(viewer: Viewer, key: MessageKey): Promise<MessageRow | null>;
  /** Deleted ones are not counted. Reads one index entry per reply. */
  count(viewer: Viewer, key: MessageKey): Promise<number>;
  /** Oldest first, without deleted ones. @throws BadUserInputError for a malformed page */
  list(viewer: Viewer, key: MessageKey, page?: PageArgs): Promise<Connection<MessageRow>>;
}

const bySeq = createKeyset('replies', 'ascending', [['reply.seq', 'int']]);

const MESSAGES = `SELECT ${MESSAGE_COLUMNS}, asked.seen_by AS "seenBy" FROM ${SEEN_MESSAGES}
  JOIN message ON message.chat_id = asked.chat_id AND message.seq = asked.seq JOIN "user" person ON person.id = message.sender_id`;

const COUNTS = `SELECT asked.seen_by AS "seenBy", (
    SELECT count(*)::int FROM reply WHERE reply.chat_id = asked.chat_id AND reply.message_seq = asked.seq) AS count
  FROM ${SEEN_MESSAGES}`;

export const createReplyReads = (db: Queryable): ReplyReads => {
  const list = gatherMessageParts(async (asked, args: PageArgs) => {
    const page = parsePage(bySeq, args);
    const { where, orderBy, limit, params } = pageSql(bySeq, page, 5);
    const rows = await db.query<MessageColumns & SeenOfMessage>(
      `SELECT ${MESSAGE_COLUMNS}, ${SEEN_MESSAGE} FROM ${SEEN_MESSAGES} CROSS JOIN LATERAL (
         SELECT reply.chat_id, reply.seq FROM reply WHERE reply.chat_id = asked.chat_id AND reply.message_seq = asked.seq AND ${where}
         ORDER BY ${orderBy} LIMIT ${limit}
       ) reply JOIN message ON message.chat_id = reply.chat_id AND message.seq = reply.seq
       JOIN "user" person ON person.id = message.sender_id ORDER BY asked.chat_id, asked.seq, ${orderBy}`,
      [...askedMessageParams(asked), ...params],
    );
    return toEachMessage(asked, rows, (own) =>
      toConnection(own.map(toMessage), page, (message) => bySeq.cursorOf([message.seq])),
    );
  });

  return {
    message: gatherMessages(async (asked) =>
      toEach<MessageColumns & { seenBy: number[] }, MessageRow | null>(
        asked,
        await db.query(MESSAGES, askedMessageParams(asked)),
        null,
        toMessage,
      ),
    ),

    count: gatherMessages(async (asked) =>
      toEach<{ count: number; seenBy: number[] }, number>(
        asked,
        await db.query(COUNTS, askedMessageParams(asked)),
        0,
        ({ count }) => count,
      ),
    ),

    list: (viewer, key, { first, last, after, before } = {}) => list(viewer, key, { first, last, after, before }),
  };
};
