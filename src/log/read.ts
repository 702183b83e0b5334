/** Reading the log: pages for a replay or a gap, heads, and whether a cursor can be resumed. */
import type { Queryable } from '../db/database.js';
import type { EventType } from '../generated/prisma/enums.js';
import { CHAT_COLUMNS } from './append.js';
import type { ChatRow, LogEvent, MessageRow, UserFacts } from './event.js';

/** A replay of more than this is a ResyncRequired instead: querying the chat again costs less. */
export const REPLAY_MOST = 10_000;

const EVENTS = `
SELECT ${CHAT_COLUMNS}, event.seq, event.mark, event.type, event.created_at AS "eventCreatedAt",
  event.actor_id AS "actorId", event.user_id AS "userId", event.message_seqs AS "messageSeqs"
FROM chat LEFT JOIN LATERAL (
  SELECT * FROM event WHERE event.chat_id = chat.id AND event.seq >= $2 ORDER BY event.seq LIMIT $3
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

interface EventRow extends ChatRow {
  /** Null where there is no such event. */
  seq: number | null;
  mark: number;
  type: EventType;
  eventCreatedAt: Date;
  actorId: bigint;
  userId: bigint | null;
  messageSeqs: number[];
}

/** A page of a chat's log. */
export interface LogPage {
  /** As it was when the events were read; messages and people may be newer. */
  chat: ChatRow;
  /** The mark of the event at `after`; null where that is not there (any more). Another than the reader's: another log. */
  markAtAfter: number | null;
  /** `seq` ascending without gaps from `after` + 1; messages as they are now, deleted ones as tombstones. */
  events: LogEvent[];
  /** Members removed after `after`, as known after the messages were read. */
  removals: Removal[];
}

export interface Removal {
  userId: bigint;
  seq: number;
}

/**
 * Reads the log after a number: one statement where nothing followed, four otherwise, whatever the length.
 *
 * @param after the last `seq` the reader has; 0 for all of it
 * @param limit at most this many events (1 to 500)
 * @returns null where the chat is gone
 */
export const readPage = async (
  db: Queryable,
  chatId: bigint,
  after: number,
  limit: number,
): Promise<LogPage | null> => {
  const rows = await db.query<EventRow>(EVENTS, [chatId, after, limit + 1]);
  if (rows.length === 0) return null;
  const {
    seq: firstSeq,
    mark: firstMark,
    type: _type,
    eventCreatedAt: _at,
    actorId: _actor,
    userId: _user,
    messageSeqs: _seqs,
    ...chat
  } = rows[0]!;
  const markAtAfter = firstSeq === after ? firstMark : null;
  const found = rows.filter((row): row is EventRow & { seq: number } => row.seq !== null && row.seq > after);
  if (found.length === 0) return { chat, markAtAfter, events: [], removals: [] };

  const messageSeqs = [...new Set(found.flatMap((row) => seqsOf(row)))];
  const messages = messageSeqs.length === 0 ? [] : await db.query<MessageRow>(MESSAGES, [chatId, messageSeqs]);
  const bySeq = new Map(messages.map((message) => [message.seq, message]));
  const userIds = new Set(found.flatMap((row) => (row.userId === null ? [row.actorId] : [row.actorId, row.userId])));
  for (const message of messages) userIds.add(message.senderId);
  // After the messages: where one of them was changed after a removal, that removal is seen here.
  const [users, removals] = await Promise.all([
    db.query<UserFacts>(USERS, [[...userIds]]),
    db.query<Removal>(REMOVALS, [chatId, after]),
  ]);
  const byId = new Map(users.map((user) => [user.id, user]));
  for (const message of messages) message.sender = byId.get(message.senderId);

  const events = found.map((row): LogEvent => ({
    chatId,
    seq: row.seq,
    mark: row.mark,
    type: row.type,
    createdAt: row.eventCreatedAt,
    actorId: row.actorId,
    userId: row.userId,
    messages: seqsOf(row).flatMap((seq) => bySeq.get(seq) ?? []),
    users: [row.actorId, row.userId].flatMap((id) => (id === null ? [] : (byId.get(id) ?? []))),
  }));
  return { chat, markAtAfter, events, removals };
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
  db.query<Head>('SELECT id AS "chatId", head_seq AS seq, head_mark AS mark FROM chat WHERE id = ANY($1::bigint[])', [
    chatIds,
  ]);

export type Resumability = 'ok' | 'restored' | 'tooFar';

/**
 * Whether the log can be read on without a hole from a place that `page` was read at.
 *
 * @returns `restored` also where retention took the event, since both mean the same to a reader
 */
export const checkPlace = (place: { seq: number; mark: number }, { chat, markAtAfter }: LogPage): Resumability => {
  if (markAtAfter !== place.mark) return 'restored';
  return chat.headSeq - place.seq > REPLAY_MOST ? 'tooFar' : 'ok';
};
