/** How far members have read. A position only moves forward, and its counters move with it exactly. */
import type { Bus } from '../../bus/bus.js';
import type { Database } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import { IS_BROADCAST } from './broadcast.js';
import type { SeenChats } from '../rules/seen-chats.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../errors.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import { createReadBroadcast } from './read-broadcast.js';
import { ringUsers, tellOwnDevices } from '../user-bell.js';
import type { Viewer } from '../viewer.js';

export interface ReadPositions {
  /**
   * Marks a chat as read: BEGIN, two statements, COMMIT for all that is marked at once.
   *
   * @param chatId null if the id did not decode
   * @param upToSeq null or beyond the head means the head; a seq before the current position changes nothing
   * @throws InvalidInputError, NotFoundError, ForbiddenError
   */
  mark(viewer: Viewer, chatId: bigint | null, upToSeq: number | null): Promise<ChatRow>;
  /** Sends at once what was held back. */
  close(): void;
}

export interface ReadPositionsOptions {
  db: Database;
  bus: Bus;
  seenChats: SeenChats;
}

/**
 * Locks the members' rows first, in a statement of its own: it waits for their own sends, and the next statement's snapshot then
 * includes everything sent before. The counters come from that one snapshot. In the order in which sends lock them too.
 */
const LOCK = `SELECT chat_id AS "chatId", user_id AS "userId" FROM member
  WHERE (chat_id, user_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[])) ORDER BY chat_id, user_id FOR NO KEY UPDATE`;

/** At the head nothing need be counted; before it, only the member's own messages between the two positions. */
const MARK = `
WITH place AS MATERIALIZED (
  SELECT asked.n, asked.user_id, chat.id AS chat_id, head_seq, message_count, own.is_marked_unread AS was_marked,
    least(asked.up_to, head_seq) AS seq
  FROM unnest($1::bigint[], $2::bigint[], $3::int[]) WITH ORDINALITY AS asked(chat_id, user_id, up_to, n)
  JOIN chat ON chat.id = asked.chat_id JOIN member own ON own.chat_id = chat.id AND own.user_id = asked.user_id
), moved AS (
  UPDATE member SET last_read_seq = place.seq, is_marked_unread = false, xid = pg_current_xact_id(),
    read_count = CASE WHEN place.seq = place.head_seq THEN place.message_count ELSE coalesce((
      SELECT ordinal FROM message WHERE message.chat_id = place.chat_id AND message.seq <= place.seq
      ORDER BY message.seq DESC LIMIT 1), 0) END,
    read_sent_count = CASE WHEN place.seq = place.head_seq THEN member.sent_count ELSE member.read_sent_count + (
      SELECT count(*)::int FROM message WHERE message.chat_id = place.chat_id AND message.sender_id = place.user_id
        AND message.seq > member.last_read_seq AND message.seq <= place.seq) END
  FROM place
  WHERE member.chat_id = place.chat_id AND member.user_id = place.user_id AND place.seq > member.last_read_seq
  RETURNING place.n, member.last_read_seq
), unmarked AS (
  UPDATE member SET is_marked_unread = false FROM place WHERE member.chat_id = place.chat_id AND member.user_id = place.user_id
    AND place.was_marked AND place.seq <= member.last_read_seq
)
SELECT place.n, place.was_marked AS "wasMarked", ${CHAT_COLUMNS}, ${PERSON_COLUMNS}, moved.last_read_seq AS "lastReadSeq", ${IS_BROADCAST} AS "isBroadcast"
FROM place JOIN chat ON chat.id = place.chat_id JOIN "user" person ON person.id = place.user_id
LEFT JOIN moved ON moved.n = place.n`;

interface Mark {
  chatId: bigint;
  userId: bigint;
  /** Null: the head. */
  upToSeq: number | null;
}

interface MarkedRow extends ChatRow, PersonColumns {
  /** From 1. */
  n: bigint;
  /** Null if the position did not move. */
  lastReadSeq: number | null;
  isBroadcast: boolean;
  /** Whether the reader had marked it as unread. */
  wasMarked: boolean;
}

export const createReadPositions = ({ db, bus, seenChats }: ReadPositionsOptions): ReadPositions => {
  const broadcast = createReadBroadcast({ bus });

  /** Null if they are not a member. */
  const write = gather<Mark, MarkedRow | null>(async (marks) => {
    // Several by one reader are one, up to the furthest.
    const furthest = new Map<string, Mark>();
    for (const mark of marks) {
      const other = furthest.get(keyOf(mark));
      if (other === undefined || isFurther(mark, other)) furthest.set(keyOf(mark), mark);
    }
    const rows = await db.transaction(async (tx) => {
      const own = [...furthest.values()];
      const locked = await tx.query<Pick<Mark, 'chatId' | 'userId'>>(LOCK, [
        own.map(({ chatId }) => chatId),
        own.map(({ userId }) => userId),
      ]);
      const members = locked.map((member) => furthest.get(keyOf(member))!);
      const marked = await tx.query<MarkedRow>(MARK, [
        members.map(({ chatId }) => chatId),
        members.map(({ userId }) => userId),
        members.map(({ upToSeq }) => upToSeq),
      ]);
      return new Map(marked.map((row) => [keyOf(members[Number(row.n) - 1]!), row]));
    });
    return marks.map((mark) => rows.get(keyOf(mark)) ?? null);
  });

  return {
    mark: async (viewer, chatId, upToSeq) => {
      if (upToSeq !== null && upToSeq < 0) {
        throw new InvalidInputError([
          { path: ['upToSeq'], code: 'OUT_OF_RANGE', reason: 'must not be negative', limit: 0 },
        ]);
      }
      if (chatId === null) throw new NotFoundError('Chat');

      const row = await write({ chatId, userId: viewer.id, upToSeq });
      if (row === null) {
        if (!(await seenChats.read(viewer, chatId))?.isSeen) throw new NotFoundError('Chat');
        throw new ForbiddenError('Only members of a chat read it');
      }
      const { lastReadSeq, isBroadcast, wasMarked } = row;
      if (wasMarked) tellOwnDevices(bus, viewer.id, chatId);
      if (lastReadSeq !== null) {
        broadcast.tell({ chatId, user: toUser(row), lastReadSeq, isOwnOnly: !isBroadcast });
        ringUsers(bus, [viewer.id], [chatId], { isRegrouped: false });
      }
      return toChat(row);
    },
    close: () => broadcast.close(),
  };
};

const keyOf = ({ chatId, userId }: Pick<Mark, 'chatId' | 'userId'>): string => `${chatId}:${userId}`;

const isFurther = (one: Mark, other: Mark): boolean =>
  other.upToSeq !== null && (one.upToSeq === null || one.upToSeq > other.upToSeq);

const toChat = (row: ChatRow): ChatRow => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  slug: row.slug,
  orderRef: row.orderRef,
  access: row.access,
  createdAt: row.createdAt,
  activityAt: row.activityAt,
  closedAt: row.closedAt,
  headSeq: row.headSeq,
  headMark: row.headMark,
  messageCount: row.messageCount,
  hasBusiness: row.hasBusiness,
  isBlocked: row.isBlocked,
});
