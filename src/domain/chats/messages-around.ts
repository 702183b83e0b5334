/**
 * A page of messages around an anchor in a chat: the target of a search, a link or a calendar. One statement for all who ask for the
 * same anchor in one turn of the event loop, which checks visibility at the time it runs, and costs the same wherever the anchor is,
 * however much is before and after it.
 */
import type { Queryable } from '../../db/database.js';
import type { MessageRow } from '../../log/event.js';
import { BadUserInputError } from '../bad-user-input.js';
import { bySeq } from './chat-contents.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from '../messages/message-row.js';
import type { MessageKey } from '../messages/messages.js';
import { MAX_PAGE_SIZE, type Connection } from '../page.js';
import { askedParams, gatherParts, SEEN_CHATS, toEachOfMany } from '../rules/asked-chats.js';
import type { Viewer } from '../viewer.js';

/** The first message at or after a seq or a time, or exactly one message; null if its id did not decode. */
export type MessageAnchor = { seq: number } | { time: Date } | { message: MessageKey | null };

export interface MessagesAround {
  /**
   * The message at the anchor and up to `limit` on both sides together, oldest first, deleted ones as tombstones: half of them before
   * it, and more if the other side has fewer. After the newest message the anchor is the end. Cursors are those of `messages`.
   *
   * @returns an empty page if the chat is not visible, or if the given message is not in it
   * @throws BadUserInputError for a `limit` outside 1 to 100, or a negative `seq`
   */
  messagesAround(viewer: Viewer, chatId: bigint, anchor: MessageAnchor, limit: number): Promise<Connection<MessageRow>>;
}

const SEEN = `seen AS MATERIALIZED (SELECT chat.id, chat.head_seq, chat.seen_by FROM ${SEEN_CHATS})`;

const AT_SEQ = `anchor AS (SELECT seen.id AS chat_id, $5::int AS seq FROM seen)`;

/**
 * Time has no index. Within a chat it grows with `seq`, so a binary search finds the anchor: some twenty key lookups in a chat of a
 * million messages. The anchor is at `low` or after it, and at `high` or before it.
 */
const AT_TIME = `halving(chat_id, low, high) AS (
    SELECT seen.id, 1, seen.head_seq + 1 FROM seen
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

const PAGE = `SELECT ${MESSAGE_COLUMNS}, message.seq >= anchor.seq AS "isAfter",
    CASE WHEN row_number() OVER (PARTITION BY seen.id) = 1 THEN seen.seen_by END AS "seenBy"
  FROM anchor JOIN seen ON seen.id = anchor.chat_id CROSS JOIN LATERAL (
    (SELECT * FROM message WHERE message.chat_id = anchor.chat_id AND message.seq >= anchor.seq ORDER BY message.seq LIMIT $4::int + 2)
    UNION ALL
    (SELECT * FROM message WHERE message.chat_id = anchor.chat_id AND message.seq < anchor.seq ORDER BY message.seq DESC LIMIT $4::int + 1)
  ) message JOIN "user" person ON person.id = message.sender_id ORDER BY message.chat_id, message.seq`;

interface Part {
  anchor: { seq: number } | { time: Date };
  limit: number;
}

type SideRow = MessageColumns & { isAfter: boolean; seenBy: number[] | null };

export const createMessagesAround = (db: Queryable): MessagesAround => {
  const read = gatherParts(async (asked, { anchor, limit }: Part) => {
    const [find, at] = 'time' in anchor ? [AT_TIME, anchor.time] : [AT_SEQ, anchor.seq];
    const rows = await db.query<SideRow>(`WITH RECURSIVE ${SEEN}, ${find} ${PAGE}`, [...askedParams(asked), limit, at]);
    return toEachOfMany(asked, rows, (own) => {
      const side = (isAfter: boolean) => own.filter((row) => row.isAfter === isAfter).map(toMessage);
      return { before: side(false), after: side(true) };
    });
  });

  return {
    messagesAround: async (viewer, chatId, anchor, limit) => {
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_SIZE) {
        throw new BadUserInputError(`limit must be from 1 to ${MAX_PAGE_SIZE}`);
      }
      if ('message' in anchor) {
        const { message } = anchor;
        if (message?.chatId !== chatId) return toPage([], [], limit);
        const { before, after } = await read(viewer, chatId, { anchor: { seq: message.seq }, limit });
        return after[0]?.seq === message.seq ? toPage(before, after, limit) : toPage([], [], limit);
      }
      if ('seq' in anchor && anchor.seq < 0) throw new BadUserInputError('seq must be 0 or more');
      // There are no messages from before 1970, and not every driver writes the years before 1.
      const part = 'time' in anchor ? { time: new Date(Math.max(anchor.time.getTime(), 0)) } : anchor;
      const { before, after } = await read(viewer, chatId, { anchor: part, limit });
      return toPage(before, after, limit);
    },
  };
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
