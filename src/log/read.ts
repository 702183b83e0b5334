/** Reading the log: pages for a replay or a gap, heads, and whether a cursor can be resumed from. */
import type { Queryable } from '../db/database.js';
import type { LogPosition } from './cursor.js';
import type { EventType } from '../generated/prisma/enums.js';
import {
  CHAT_COLUMNS,
  MESSAGE_COLUMNS,
  type ChatRow,
  type LogEvent,
  type MessageRow,
  type UserFacts,
} from './event.js';

/** A longer replay becomes a ResyncRequired: querying the chat again costs less. */
export const MAX_REPLAY = 10_000;

/** An event's columns, for statements that name the tables `chat` and `event`. */
export const EVENT_COLUMNS = `chat.id, event.seq, event.mark, event.type, event.created_at AS "eventCreatedAt",
  event.actor_id AS "actorId", event.user_id AS "userId", event.message_seqs AS "messageSeqs", event.emoji`;

const EVENTS = `
SELECT asked.n, ${CHAT_COLUMNS}, ${EVENT_COLUMNS}
FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS asked(chat_id, after, n) JOIN chat ON chat.id = asked.chat_id LEFT JOIN LATERAL (
  SELECT * FROM event WHERE event.chat_id = chat.id AND event.seq >= asked.after ORDER BY event.seq LIMIT $3
) event ON true
ORDER BY asked.n, event.seq`;

const MESSAGES = `
SELECT ${MESSAGE_COLUMNS} FROM message WHERE (chat_id, seq) IN (SELECT * FROM unnest($1::bigint[], $2::int[]))`;

const USERS = `
SELECT id, username, first_name AS "firstName", last_name AS "lastName", role, created_at AS "createdAt", avatar FROM "user" WHERE id = ANY($1::bigint[])`;

const REMOVALS = `
SELECT asked.n, event.user_id AS "userId", event.seq, event.mark
FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS asked(chat_id, after, n)
JOIN event ON event.chat_id = asked.chat_id AND event.seq > asked.after AND event.type = 'MEMBER_REMOVED' ORDER BY event.seq`;

export interface EventRow {
  /** The chat's id. */
  id: bigint;
  seq: number;
  mark: number;
  type: EventType;
  eventCreatedAt: Date;
  actorId: bigint;
  userId: bigint | null;
  messageSeqs: number[];
  emoji: string | null;
}

type PlaceRow = ChatRow &
  Omit<EventRow, 'seq'> & {
    /** The number of the position, from 1. */
    n: bigint;
    /** Null if there is no event. */
    seq: number | null;
  };

/** A page of a chat's log. */
export interface LogPage {
  /** As of when the events were read; messages and people may be newer. */
  chat: ChatRow;
  /** The mark of the event at `after`; null if there is no such event (any longer). Not the reader's mark: another log. */
  markAtAfter: number | null;
  /** `seq` ascending without gaps from `after` + 1; messages in their current state, deleted ones as tombstones. */
  events: LogEvent[];
  /** Members removed after `after`, as of after the messages were read. */
  removals: Removal[];
}

export interface Removal extends LogPosition {
  userId: bigint;
}

/**
 * Reads one chat's log after a seq.
 *
 * @param after the last `seq` the reader has; 0 for the whole log
 * @param limit at most this many events (1 to 500)
 * @returns null if the chat no longer exists
 */
export const readPage = async (db: Queryable, chatId: bigint, after: number, limit: number): Promise<LogPage | null> =>
  (await readPages(db, [{ chatId, seq: after }], limit))[0]!;

/**
 * Reads several logs, each after its own seq: one statement if nothing followed, otherwise four or five, for any number of positions. Equal
 * positions are read once, and get the same page; an event is one object, on whichever pages it is.
 *
 * @param limit at most this many events per position
 * @returns in the order of the positions; null for a chat that no longer exists
 */
export const readPages = async (
  db: Queryable,
  positions: readonly { chatId: bigint; seq: number }[],
  limit: number,
): Promise<(LogPage | null)[]> => {
  const distinct = new Map(positions.map((position) => [keyOf(position), position]));
  const asked = [...distinct.values()];
  const params = [asked.map(({ chatId }) => chatId), asked.map(({ seq }) => seq)];
  const rows = await db.query<PlaceRow>(EVENTS, [...params, limit + 1]);
  const pages = await toPages(db, asked, rows, () => db.query<Removal & { n: bigint }>(REMOVALS, params));
  const byKey = new Map(asked.map((position, index) => [keyOf(position), pages[index]!]));
  return positions.map((position) => byKey.get(keyOf(position)) ?? null);
};

const keyOf = ({ chatId, seq }: { chatId: bigint; seq: number }): string => `${chatId}:${seq}`;

const toPages = async (
  db: Queryable,
  asked: readonly { seq: number }[],
  rows: readonly PlaceRow[],
  readRemovals: () => Promise<(Removal & { n: bigint })[]>,
): Promise<(LogPage | undefined)[]> => {
  const pages: (LogPage | undefined)[] = asked.map(() => undefined);
  const pageOf = (n: bigint) => pages[Number(n) - 1];
  const found = new Map<string, ChatRow & EventRow>();
  for (const row of rows) {
    const { n, id, seq } = row;
    const { seq: after } = asked[Number(n) - 1]!;
    const markAtAfter = seq === after ? row.mark : null;
    pages[Number(n) - 1] ??= { chat: chatOf(row), markAtAfter, events: [], removals: [] };
    if (seq !== null && seq > after) found.set(keyOf({ chatId: id, seq }), row as ChatRow & EventRow);
  }
  if (found.size === 0) return pages;

  const { events, last: removals } = await toEvents(db, [...found.values()], readRemovals);
  const byKey = new Map(events.map((event) => [keyOf(event), event]));
  for (const { n, id, seq } of rows) {
    if (seq === null || seq <= asked[Number(n) - 1]!.seq) continue;
    pageOf(n)!.events.push(byKey.get(keyOf({ chatId: id, seq }))!);
  }
  for (const { n, ...removal } of removals) pageOf(n)?.removals.push(removal);
  return pages;
};

/**
 * Events as a replay delivers them, with the current state of their messages and people: two statements for any number of events, and
 * one more if there are replies to others.
 *
 * @param readLast read last, after the messages: if a message was changed after a member's removal, this read already sees
 *   that removal
 */
export const toEvents = async <Last>(
  db: Queryable,
  rows: readonly EventRow[],
  readLast: () => Promise<Last>,
): Promise<{ events: LogEvent[]; last: Last }> => {
  const named = rows.flatMap((row) => seqsOf(row).map((seq) => ({ chatId: row.id, seq })));
  const messages = await readMessages(db, named);
  await addReplied(db, messages);
  const userIds = new Set(rows.flatMap((row) => (row.userId === null ? [row.actorId] : [row.actorId, row.userId])));
  for (const { senderId, repliedTo } of messages.values()) {
    userIds.add(senderId);
    if (repliedTo !== undefined) userIds.add(repliedTo.senderId);
  }
  const [users, last] = await Promise.all([db.query<UserFacts>(USERS, [[...userIds]]), readLast()]);
  const byId = new Map(users.map((user) => [user.id, user]));
  for (const message of messages.values()) {
    message.sender = byId.get(message.senderId);
    if (message.repliedTo !== undefined) message.repliedTo.sender = byId.get(message.repliedTo.senderId);
  }

  const events = rows.map((row) => ({
    chatId: row.id,
    seq: row.seq,
    mark: row.mark,
    type: row.type,
    createdAt: row.eventCreatedAt,
    actorId: row.actorId,
    userId: row.userId,
    emoji: row.emoji,
    messages: seqsOf(row).flatMap((seq) => messages.get(keyOf({ chatId: row.id, seq })) ?? []),
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
  return new Map(rows.map((row) => [keyOf(row), row]));
};

/** The messages that these reply to, each an object of its own. */
const addReplied = async (db: Queryable, messages: ReadonlyMap<string, MessageRow>) => {
  const keys = [...messages.values()].flatMap(({ chatId, replyToSeq }) =>
    replyToSeq === null ? [] : [{ chatId, seq: replyToSeq }],
  );
  const missing = await readMessages(
    db,
    keys.filter((key) => !messages.has(keyOf(key))),
  );
  for (const message of messages.values()) {
    if (message.replyToSeq === null) continue;
    const key = keyOf({ chatId: message.chatId, seq: message.replyToSeq });
    const found = missing.get(key) ?? messages.get(key);
    if (found !== undefined) message.repliedTo = { ...found };
  }
};

/** Drops the event's own columns. */
const chatOf = (row: PlaceRow): ChatRow => {
  const {
    seq: _seq,
    mark: _mark,
    type: _type,
    eventCreatedAt: _at,
    actorId: _actor,
    userId: _user,
    messageSeqs: _seqs,
    emoji: _emoji,
    n: _n,
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

/** One statement for any number of chats; chats that no longer exist are left out. */
export const readHeads = (db: Queryable, chatIds: readonly bigint[]): Promise<Head[]> =>
  db.query<Head>('SELECT id AS "chatId", head_seq AS seq, head_mark AS mark FROM chat WHERE id = ANY($1::bigint[])', [
    chatIds,
  ]);

export type Resumability = 'ok' | 'restored' | 'tooFar';

/**
 * Whether the log can be read on without a gap from the position that `page` was read at.
 *
 * @param since given for a cursor, not for a position reached by reading: the cursor has not seen what is older, which retention may
 *   delete at any time
 * @returns `restored` also if retention deleted the event: to a reader both mean the same
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
