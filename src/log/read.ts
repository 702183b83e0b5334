/** Reading the log: pages for a replay or a gap, heads, and whether a cursor can be resumed. */
import type { Queryable } from '../db/database.js';
import type { LogPosition } from './cursor.js';
import type { EventType } from '../generated/prisma/enums.js';
import { CHAT_COLUMNS, type ChatRow, type LogEvent, type MessageRow, type UserFacts } from './event.js';

/** A replay of more than this is a ResyncRequired instead: querying the chat again costs less. */
export const MAX_REPLAY = 10_000;

/** An event's row, for statements that name the tables `chat` and `event`. */
export const EVENT_COLUMNS = `chat.id, event.seq, event.mark, event.type, event.created_at AS "eventCreatedAt",
  event.actor_id AS "actorId", event.user_id AS "userId", event.message_seqs AS "messageSeqs"`;

const EVENTS = `
SELECT ${CHAT_COLUMNS}, ${EVENT_COLUMNS}
FROM unnest($1::bigint[], $2::int[]) AS asked(chat_id, after) JOIN chat ON chat.id = asked.chat_id LEFT JOIN LATERAL (
  SELECT * FROM event WHERE event.chat_id = chat.id AND event.seq >= asked.after ORDER BY event.seq LIMIT $3
) event ON true
ORDER BY chat.id, event.seq`;

const MESSAGES = `
SELECT chat_id AS "chatId", seq, sender_id AS "senderId", text, metadata, client_message_id AS "clientMessageId", created_at AS "createdAt",
  edited_at AS "editedAt", deleted_at AS "deletedAt", changed_seq AS "changedSeq"
FROM message WHERE (chat_id, seq) IN (SELECT * FROM unnest($1::bigint[], $2::int[]))`;

const USERS = `
SELECT id, username, first_name AS "firstName", last_name AS "lastName", role, created_at AS "createdAt" FROM "user" WHERE id = ANY($1::bigint[])`;

const REMOVALS = `
SELECT event.chat_id AS "chatId", event.user_id AS "userId", event.seq, event.mark
FROM unnest($1::bigint[], $2::int[]) AS asked(chat_id, after)
JOIN event ON event.chat_id = asked.chat_id AND event.seq > asked.after AND event.type = 'MEMBER_REMOVED' ORDER BY event.seq`;

export interface EventRow {
  /** The chat's. */
  id: bigint;
  seq: number;
  mark: number;
  type: EventType;
  eventCreatedAt: Date;
  actorId: bigint;
  userId: bigint | null;
  messageSeqs: number[];
}

type PlaceRow = ChatRow &
  Omit<EventRow, 'seq'> & {
    /** Null where there is no such event. */
    seq: number | null;
  };

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

export interface Removal extends LogPosition {
  userId: bigint;
}

/**
 * Reads one chat's log after a number.
 *
 * @param after the last `seq` the reader has; 0 for all of it
 * @param limit at most this many events (1 to 500)
 * @returns null where the chat is gone
 */
export const readPage = async (db: Queryable, chatId: bigint, after: number, limit: number): Promise<LogPage | null> =>
  (await readPages(db, [{ chatId, seq: after }], limit)).get(chatId) ?? null;

/**
 * Reads several chats' logs, each after a number: one statement where nothing followed, four otherwise, however many they are.
 *
 * @param limit at most this many events of each
 * @returns by chat; without those that are gone
 */
export const readPages = async (
  db: Queryable,
  positions: readonly { chatId: bigint; seq: number }[],
  limit: number,
): Promise<Map<bigint, LogPage>> => {
  const params = [positions.map(({ chatId }) => chatId), positions.map(({ seq }) => seq)];
  const rows = await db.query<PlaceRow>(EVENTS, [...params, limit + 1]);
  const after = new Map(positions.map(({ chatId, seq }) => [chatId, seq]));
  const found = rows.filter((row): row is ChatRow & EventRow => row.seq !== null && row.seq > after.get(row.id)!);

  const pages = new Map<bigint, LogPage>();
  for (const row of rows) {
    if (pages.has(row.id)) continue;
    const markAtAfter = row.seq === after.get(row.id) ? row.mark : null;
    pages.set(row.id, { chat: chatOf(row), markAtAfter, events: [], removals: [] });
  }
  if (found.length === 0) return pages;

  const { events, last: removals } = await toEvents(db, found, () =>
    db.query<Removal & { chatId: bigint }>(REMOVALS, params),
  );
  for (const event of events) pages.get(event.chatId)!.events.push(event);
  for (const { chatId, userId, seq, mark } of removals) pages.get(chatId)?.removals.push({ userId, seq, mark });
  return pages;
};

/**
 * Events as a replay tells them, with their messages and people as they are now: two statements for any number of them.
 *
 * @param readLast what is to be known as of after the messages were read: where one of them was changed after a removal, that removal
 *   is seen by then
 */
export const toEvents = async <Last>(
  db: Queryable,
  rows: readonly EventRow[],
  readLast: () => Promise<Last>,
): Promise<{ events: LogEvent[]; last: Last }> => {
  const named = rows.flatMap((row) => seqsOf(row).map((seq) => ({ chatId: row.id, seq })));
  const messages = await readMessages(db, named);
  const userIds = new Set(rows.flatMap((row) => (row.userId === null ? [row.actorId] : [row.actorId, row.userId])));
  for (const message of messages.values()) userIds.add(message.senderId);
  const [users, last] = await Promise.all([db.query<UserFacts>(USERS, [[...userIds]]), readLast()]);
  const byId = new Map(users.map((user) => [user.id, user]));
  for (const message of messages.values()) message.sender = byId.get(message.senderId);

  const events = rows.map((row) => ({
    chatId: row.id,
    seq: row.seq,
    mark: row.mark,
    type: row.type,
    createdAt: row.eventCreatedAt,
    actorId: row.actorId,
    userId: row.userId,
    messages: seqsOf(row).flatMap((seq) => messages.get(`${row.id}:${seq}`) ?? []),
    users: [row.actorId, row.userId].flatMap((id) => (id === null ? [] : (byId.get(id) ?? []))),
  }));
  return { events, last };
};

const readMessages = async (
  db: Queryable,
  keys: readonly { chatId: bigint; seq: number }[],
): Promise<Map<string, MessageRow>> => {
  if (keys.length === 0) return new Map();
  const params = [keys.map(({ chatId }) => chatId), keys.map(({ seq }) => seq)];
  const rows = await db.query<MessageRow>(MESSAGES, params);
  return new Map(rows.map((row) => [`${row.chatId}:${row.seq}`, row]));
};

/** Without what is the event's. */
const chatOf = (row: PlaceRow): ChatRow => {
  const {
    seq: _seq,
    mark: _mark,
    type: _type,
    eventCreatedAt: _at,
    actorId: _actor,
    userId: _user,
    messageSeqs: _seqs,
    ...chat
  } = row;
  return chat;
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
 * Whether the log can be read on without a hole from a position that `page` was read at.
 *
 * @param since for a cursor, as against a position that was reached by reading: it has not seen what is older, which retention may take any time
 * @returns `restored` also where retention took the event, since both mean the same to a reader
 */
export const checkPosition = (
  position: LogPosition,
  { chat, markAtAfter, events }: LogPage,
  since?: Date,
): Resumability => {
  if (markAtAfter !== position.mark) return 'restored';
  if (since !== undefined && events.length > 0 && events[0]!.createdAt < since) return 'restored';
  return chat.headSeq - position.seq > MAX_REPLAY ? 'tooFar' : 'ok';
};
