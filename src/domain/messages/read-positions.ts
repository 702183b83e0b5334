/** How far members have read. A position only moves forward, and its counters move with it exactly. */
import type { Bus } from '../../bus/bus.js';
import type { Database } from '../../db/database.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import { IS_BROADCAST } from './broadcast.js';
import { readAccess } from '../rules/chat-access.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../errors.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import { createReadBroadcast } from './read-broadcast.js';
import { ringUsers } from '../user-bell.js';
import type { Viewer } from '../viewer.js';

export interface ReadPositions {
  /**
   * Marks a chat as read: BEGIN, two statements, COMMIT.
   *
   * @param chatId null if the id did not decode
   * @param upToSeq null or beyond the head means the head; a seq before the current position changes nothing
   * @throws InvalidInputError, NotFoundError, ForbiddenError
   */
  mark(viewer: Viewer, chatId: bigint | null, upToSeq: number | null): Promise<ChatRow>;
  /** Sends at once what was held back. */
  close(): void;
}

/**
 * Locks the member's row first, in its own statement: it waits for the member's own sends, and the next statement's snapshot then
 * includes everything sent before. The counters come from that one snapshot.
 */
const LOCK = `SELECT 1 FROM member WHERE chat_id = $1 AND user_id = $2 FOR NO KEY UPDATE`;

/** At the head nothing need be counted; before it, only the member's own messages between the two positions. */
const MARK = `
WITH place AS MATERIALIZED (
  SELECT head_seq, message_count, least($3::int, head_seq) AS seq FROM chat WHERE id = $1
), moved AS (
  UPDATE member SET last_read_seq = place.seq, xid = pg_current_xact_id(),
    read_count = CASE WHEN place.seq = place.head_seq THEN place.message_count ELSE coalesce((
      SELECT ordinal FROM message WHERE message.chat_id = $1 AND message.seq <= place.seq ORDER BY message.seq DESC LIMIT 1), 0) END,
    read_sent_count = CASE WHEN place.seq = place.head_seq THEN member.sent_count ELSE member.read_sent_count + (
      SELECT count(*)::int FROM message WHERE message.chat_id = $1 AND message.sender_id = $2
        AND message.seq > member.last_read_seq AND message.seq <= place.seq) END
  FROM place WHERE member.chat_id = $1 AND member.user_id = $2 AND place.seq > member.last_read_seq
  RETURNING member.last_read_seq
)
SELECT ${CHAT_COLUMNS}, ${PERSON_COLUMNS}, (SELECT last_read_seq FROM moved) AS "lastReadSeq", ${IS_BROADCAST} AS "isBroadcast"
FROM chat JOIN "user" person ON person.id = $2 WHERE chat.id = $1`;

interface MarkedRow extends ChatRow, PersonColumns {
  /** Null if the position did not move. */
  lastReadSeq: number | null;
  isBroadcast: boolean;
}

export const createReadPositions = ({ db, bus }: { db: Database; bus: Bus }): ReadPositions => {
  const broadcast = createReadBroadcast({ bus });

  return {
    mark: async (viewer, chatId, upToSeq) => {
      if (upToSeq !== null && upToSeq < 0) {
        throw new InvalidInputError([
          { path: ['upToSeq'], code: 'OUT_OF_RANGE', reason: 'must not be negative', limit: 0 },
        ]);
      }
      if (chatId === null) throw new NotFoundError('Chat');

      const row = await db.transaction(async (tx) => {
        if ((await tx.query(LOCK, [chatId, viewer.id])).length === 0) {
          if ((await readAccess(tx, viewer, chatId)) === null) throw new NotFoundError('Chat');
          throw new ForbiddenError('Only members of a chat read it');
        }
        return (await tx.query<MarkedRow>(MARK, [chatId, viewer.id, upToSeq]))[0]!;
      });

      const { lastReadSeq, isBroadcast } = row;
      if (lastReadSeq !== null) {
        broadcast.tell({ chatId, user: toUser(row), lastReadSeq, isOwnOnly: !isBroadcast });
        ringUsers(bus, [viewer.id], [chatId]);
      }
      return toChat(row);
    },
    close: () => broadcast.close(),
  };
};

const toChat = (row: ChatRow): ChatRow => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  slug: row.slug,
  orderRef: row.orderRef,
  createdAt: row.createdAt,
  activityAt: row.activityAt,
  closedAt: row.closedAt,
  headSeq: row.headSeq,
  headMark: row.headMark,
  messageCount: row.messageCount,
  hasBusiness: row.hasBusiness,
});
