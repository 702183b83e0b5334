/** Reading the log: pages for a replay or a gap, heads, and whether a cursor can be resumed. */
import type { Queryable } from '../db/database.js';
import type { EventType, Role } from '../generated/prisma/enums.js';
import type { Place } from './cursor.js';
import type { LogEvent, MessageRow, UserFacts } from './event.js';
import type { LogPage } from './log.js';

/** A replay of more than this is a ResyncRequired instead: querying the chat again costs less. */
export const REPLAY_MOST = 10_000;

const EVENTS = `
SELECT chat.head_seq AS "headSeq", chat.head_mark AS "headMark", event.seq, event.mark, event.type, event.created_at AS "createdAt",
  event.actor_id AS "actorId", event.user_id AS "userId", event.message_seqs AS "messageSeqs"
FROM chat LEFT JOIN LATERAL (
  SELECT * FROM event WHERE event.chat_id = chat.id AND event.seq > $2 ORDER BY event.seq LIMIT $3
) event ON true
WHERE chat.id = $1 ORDER BY event.seq`;

const MESSAGES = `
SELECT chat_id AS "chatId", seq, sender_id AS "senderId", text, client_message_id AS "clientMessageId", created_at AS "createdAt",
  edited_at AS "editedAt", deleted_at AS "deletedAt", changed_seq AS "changedSeq"
FROM message WHERE chat_id = $1 AND seq = ANY($2::int[])`;

const USERS = `
SELECT id, username, first_name AS "firstName", last_name AS "lastName", role, created_at AS "createdAt" FROM "user" WHERE id = ANY($1::bigint[])`;

const REMOVALS = `
SELECT user_id AS "userId", seq FROM event WHERE chat_id = $1 AND seq > $2 AND type = 'MEMBER_REMOVED' ORDER BY seq`;

interface EventRow {
  headSeq: number;
  headMark: number;
  /** Null where there is no event after. */
  seq: number | null;
  mark: number;
  type: EventType;
  createdAt: Date;
  actorId: bigint;
  userId: bigint | null;
  messageSeqs: number[];
}

/**
 * Reads the log after a number: at most four statements, whatever the length.
 *
 * @param after the last `seq` the reader has
 * @param limit at most this many events (1 to 500)
 * @returns null where the chat is gone
 */
export const readPage = async (db: Queryable, chatId: bigint, after: number, limit: number): Promise<LogPage | null> => {
  const rows = await db.query<EventRow>(EVENTS, [chatId, after, limit]);
  if (rows.length === 0) return null;
  const { headSeq, headMark } = rows[0]!;
  const found = rows.filter((row): row is EventRow & { seq: number } => row.seq !== null);
  if (found.length === 0) return { events: [], headSeq, headMark, removals: [] };

  const messageSeqs = [...new Set(found.flatMap((row) => seqsOf(row)))];
  const messages = messageSeqs.length === 0 ? [] : await db.query<MessageRow>(MESSAGES, [chatId, messageSeqs]);
  const bySeq = new Map(messages.map((message) => [message.seq, message]));
  const userIds = new Set(found.flatMap((row) => (row.userId === null ? [row.actorId] : [row.actorId, row.userId])));
  for (const message of messages) userIds.add(message.senderId);
  // After the messages: where one of them was changed after a removal, that removal is seen here.
  const [users, removals] = await Promise.all([
    db.query<UserFacts>(USERS, [[...userIds]]),
    db.query<{ userId: bigint; seq: number }>(REMOVALS, [chatId, after]),
  ]);
  const byId = new Map(users.map((user) => [user.id, user]));
  for (const message of messages) message.sender = byId.get(message.senderId);

  const events = found.map((row): LogEvent => ({
    chatId,
    seq: row.seq,
    mark: row.mark,
    type: row.type,
    createdAt: row.createdAt,
    actorId: row.actorId,
    userId: row.userId,
    messages: seqsOf(row).flatMap((seq) => bySeq.get(seq) ?? []),
    users: [row.actorId, row.userId].flatMap((id) => (id === null ? [] : (byId.get(id) ?? []))),
  }));
  return { events, headSeq, headMark, removals };
};

const seqsOf = (row: { type: EventType; seq: number; messageSeqs: number[] }): number[] =>
  row.type === 'MESSAGE_SENT' ? [row.seq] : row.messageSeqs;

export interface Head {
  chatId: bigint;
  seq: number;
  mark: number;
}

/** One statement for any number of chats; those that are gone are left out. */
export const readHeads = (db: Queryable, chatIds: readonly bigint[]): Promise<Head[]> =>
  db.query<Head>('SELECT id AS "chatId", head_seq AS seq, head_mark AS mark FROM chat WHERE id = ANY($1::bigint[])', [chatIds]);

export type Resumability = 'ok' | 'restored' | 'tooFar' | 'beyond' | 'pruned';

/**
 * Whether the log can be read on from these places without a hole: the event is there, with the same mark, and not more than
 * `REPLAY_MOST` events have followed. One statement for any number of them.
 */
export const checkPlaces = async (db: Queryable, places: readonly Place[]): Promise<Map<bigint, Resumability>> => {
  const rows = await db.query<{ chatId: bigint; seq: number; headSeq: number; mark: number | null }>(
    `SELECT chat.id AS "chatId", place.seq, chat.head_seq AS "headSeq", event.mark
     FROM unnest($1::bigint[], $2::int[]) AS place(chat_id, seq)
     JOIN chat ON chat.id = place.chat_id LEFT JOIN event ON event.chat_id = place.chat_id AND event.seq = place.seq`,
    [places.map((place) => place.chatId), places.map((place) => place.seq)],
  );
  const wanted = new Map(places.map((place) => [`${place.chatId}:${place.seq}`, place.mark]));
  return new Map(
    rows.map((row) => {
      if (row.seq > row.headSeq) return [row.chatId, 'beyond'];
      if (row.mark === null) return [row.chatId, 'pruned'];
      if (row.mark !== wanted.get(`${row.chatId}:${row.seq}`)) return [row.chatId, 'restored'];
      return [row.chatId, row.headSeq - row.seq > REPLAY_MOST ? 'tooFar' : 'ok'];
    }),
  );
};
