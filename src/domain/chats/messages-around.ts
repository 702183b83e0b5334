/**
 * A page of messages around an anchor in a chat: the target of a search, a link or a calendar. One statement for any number of chats,
 * which checks visibility at the time it runs, and costs the same wherever the anchor is, however much is before and after it.
 */
import type { Queryable } from '../../db/database.js';
import type { MessageRow } from '../../log/event.js';
import { BadUserInputError } from '../bad-user-input.js';
import { bySeq } from './chat-contents.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from '../messages/message-row.js';
import type { MessageKey } from '../messages/messages.js';
import { MAX_PAGE_SIZE, type Connection } from '../page.js';
import type { Viewer } from '../viewer.js';
import { CAN_SEE, CHAT_AND_OWN, viewerParams } from '../rules/visibility.js';

/** The first message at or after a seq or a time, or exactly one message; null if its id did not decode. */
export type MessageAnchor = { seq: number } | { time: Date } | { message: MessageKey | null };

export interface MessagesAround {
  /**
   * The message at the anchor and up to `limit` on both sides together, oldest first, deleted ones as tombstones: half of them before
   * it, and more if the other side has fewer. After the newest message the anchor is the end. Cursors are those of `messages`.
   *
   * @returns an entry for every requested chat: an empty page if it is not visible, or if the given message is not in this chat
   * @throws BadUserInputError for a `limit` outside 1 to 100, or a negative `seq`
   */
  messagesAround(
    viewer: Viewer,
    chatIds: readonly bigint[],
    anchor: MessageAnchor,
    limit: number,
  ): Promise<Map<bigint, Connection<MessageRow>>>;
}

const VISIBLE = `${CHAT_AND_OWN} WHERE chat.id = ANY($3::bigint[]) AND ${CAN_SEE}`;

const AT_SEQ = `anchor AS (SELECT chat.id AS chat_id, $5::int AS seq FROM ${VISIBLE})`;

/**
 * Time has no index. Within a chat it grows with `seq`, so a binary search finds the anchor: some twenty key lookups in a chat of a
 * million messages. The anchor is at `low` or after it, and at `high` or before it.
 */
const AT_TIME = `halving(chat_id, low, high) AS (
    SELECT chat.id, 1, chat.head_seq + 1 FROM ${VISIBLE}
    UNION ALL
    SELECT halving.chat_id, CASE WHEN probe.created_at < $5::timestamptz THEN probe.seq + 1 ELSE halving.low END,
      CASE WHEN probe.created_at < $5::timestamptz THEN halving.high ELSE middle.seq END
    FROM halving CROSS JOIN LATERAL (SELECT halving.low + (halving.high - halving.low) / 2 AS seq) middle
    LEFT JOIN LATERAL (
      SELECT message.seq, message.created_at FROM message
      WHERE message.chat_id = halving.chat_id AND message.seq >= middle.seq ORDER BY message.seq LIMIT 1
    ) probe ON true
    WHERE halving.low < halving.high
  ), anchor AS (SELECT chat_id, low AS seq FROM halving WHERE low = high)`;

const PAGE = `SELECT ${MESSAGE_COLUMNS}, message.seq >= anchor.seq AS "isAfter" FROM anchor CROSS JOIN LATERAL (
    (SELECT * FROM message WHERE message.chat_id = anchor.chat_id AND message.seq >= anchor.seq ORDER BY message.seq LIMIT $4::int + 2)
    UNION ALL
    (SELECT * FROM message WHERE message.chat_id = anchor.chat_id AND message.seq < anchor.seq ORDER BY message.seq DESC LIMIT $4::int + 1)
  ) message JOIN "user" person ON person.id = message.sender_id ORDER BY message.chat_id, message.seq`;

export const createMessagesAround = (db: Queryable): MessagesAround => ({
  messagesAround: async (viewer, chatIds, anchor, limit) => {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_SIZE) {
      throw new BadUserInputError(`limit must be from 1 to ${MAX_PAGE_SIZE}`);
    }
    const [find, at, among] = anchorSql(anchor, chatIds);
    const rows = await db.query<MessageColumns & { isAfter: boolean }>(`WITH RECURSIVE ${find} ${PAGE}`, [
      ...viewerParams(viewer),
      among,
      limit,
      at,
    ]);
    const sides = new Map(chatIds.map((chatId) => [chatId, { before: [] as MessageRow[], after: [] as MessageRow[] }]));
    for (const row of rows) sides.get(row.chatId)?.[row.isAfter ? 'after' : 'before'].push(toMessage(row));
    return new Map(
      [...sides].map(([chatId, { before, after }]) => {
        const isMissing = 'message' in anchor && after[0]?.seq !== anchor.message?.seq;
        return [chatId, isMissing ? toPage([], [], limit) : toPage(before, after, limit)];
      }),
    );
  },
});

/** @returns how to find the anchor, its value, and the chats that it can be in */
const anchorSql = (anchor: MessageAnchor, chatIds: readonly bigint[]): [string, unknown, readonly bigint[]] => {
  if ('time' in anchor) {
    // There are no messages from before 1970, and not every driver writes the years before 1.
    return [AT_TIME, new Date(Math.max(anchor.time.getTime(), 0)), chatIds];
  }
  if ('message' in anchor) {
    return [AT_SEQ, anchor.message?.seq ?? 0, chatIds.filter((chatId) => chatId === anchor.message?.chatId)];
  }
  if (anchor.seq < 0) throw new BadUserInputError('seq must be 0 or more');
  return [AT_SEQ, anchor.seq, chatIds];
};

/** @param after the anchor first; each side holds one more than the page can show, if there is one */
const toPage = (before: MessageRow[], after: MessageRow[], limit: number): Connection<MessageRow> => {
  const behind = Math.max(after.length - 1, 0);
  // If the number is odd, the side after the anchor gets the extra one.
  const countBefore = Math.min(before.length, Math.max(Math.floor(limit / 2), limit - behind));
  const shown = [
    ...before.slice(before.length - countBefore),
    ...after.slice(0, after.length === 0 ? 0 : 1 + limit - countBefore),
  ];
  const edges = shown.map((node) => ({ cursor: bySeq.cursorOf([node.seq]), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: after.length > 1 + limit - countBefore,
      hasPreviousPage: before.length > countBefore,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
};
