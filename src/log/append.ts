/** Changing a chat: one transaction under the lock of the chat's row, in which its events take the next seqs. */
import type { Bus } from '../bus/bus.js';
import type { Database, Queryable } from '../db/database.js';
import { chatTopic } from './doorbell.js';
import { CHAT_COLUMNS, type ChatRow, type LogEvent, type MessageRow, type UserFacts } from './event.js';
import { indexedUpTo } from './indexed.js';
import { newMark, newMarks } from './mark.js';

/** An event to append; the log assigns its seq, mark and time. */
export interface NewEvent {
  type:
    | 'MESSAGE_EDITED'
    | 'MESSAGES_DELETED'
    | 'MEMBER_ADDED'
    | 'MEMBER_REMOVED'
    | 'CHAT_UPDATED'
    | 'REACTION_ADDED'
    | 'REACTION_REMOVED'
    | 'MESSAGE_PINNED'
    | 'MESSAGE_UNPINNED'
    | 'MEMBER_UPDATED';
  actor: UserFacts;
  /** The member added, removed or given a role. */
  user?: UserFacts;
  /** The messages it is about, as this transaction leaves them. */
  messages?: MessageRow[];
  /** Of the reaction that is added or removed. */
  emoji?: string;
}

/** One transaction that holds the lock of `chat`'s row. Read what a decision depends on through this transaction only. */
export interface ChatTransaction extends Queryable {
  /** As read under the lock; `append` moves its head. */
  readonly chat: ChatRow;
  /**
   * Appends to the log; the events are published once the transaction has committed.
   *
   * @returns the event's seq, which a caller may need before the commit (a message's `changedSeq`)
   */
  append(event: NewEvent): Promise<number>;
  /** Appends at least one event, each about at most one message, in order, in one statement. @returns their seqs */
  appendAll(events: readonly NewEvent[]): Promise<number[]>;
  /** The seq that the next event will take. */
  nextSeq(): number;
}

/** One transaction that holds the locks of several chats' rows. */
export interface ChatsTransaction extends Queryable {
  /** By id; missing chats are left out. */
  readonly chats: ReadonlyMap<bigint, ChatTransaction>;
  /** Appends the same event to each chat, in one statement for any number of them. */
  appendToEach(event: Pick<NewEvent, 'type' | 'actor'>): Promise<void>;
}

export interface Changes {
  /**
   * Runs `work` under the lock of the chat's row, in one transaction; the events it appends are published after the commit.
   *
   * @returns undefined if the chat does not exist
   */
  change<Result>(chatId: bigint, work: (tx: ChatTransaction) => Promise<Result>): Promise<Result | undefined>;
  /** As `change`, for several chats at once. They are locked in the order of their ids, so that two calls wait instead of deadlocking. */
  changeAll<Result>(chatIds: readonly bigint[], work: (tx: ChatsTransaction) => Promise<Result>): Promise<Result>;
}

const LOCK_CHATS = `SELECT ${CHAT_COLUMNS} FROM chat WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE`;

const APPEND = `WITH written AS (
    INSERT INTO event (chat_id, seq, mark, type, actor_id, user_id, message_seqs, emoji)
    VALUES ($1, $2, $3, $4::event_type, $5, $6, $7, $8) RETURNING created_at)
  UPDATE chat SET head_seq = $2, head_mark = $3, ${indexedUpTo('$2')} WHERE id = $1
  RETURNING (SELECT created_at FROM written) AS "createdAt"`;

const APPEND_ALL = `WITH written AS (
    INSERT INTO event (chat_id, seq, mark, type, actor_id, user_id, message_seqs, emoji)
    SELECT $1, seq, mark, type::event_type, actor_id, user_id, array_remove(ARRAY[message_seq], NULL), emoji
    FROM unnest($2::int[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::int[], $8::text[])
      AS given(seq, mark, type, actor_id, user_id, message_seq, emoji)
    RETURNING created_at)
  UPDATE chat SET head_seq = $9, head_mark = $10, ${indexedUpTo('$9')} WHERE id = $1
  RETURNING (SELECT min(created_at) FROM written) AS "createdAt"`;

const APPEND_TO_EACH = `WITH input AS (
    SELECT * FROM unnest($1::bigint[], $2::int[], $3::int[]) AS input(chat_id, seq, mark)
  ), written AS (
    INSERT INTO event (chat_id, seq, mark, type, actor_id)
    SELECT chat_id, seq, mark, $4::event_type, $5::bigint FROM input RETURNING chat_id, created_at
  ), moved AS (
    UPDATE chat SET head_seq = input.seq, head_mark = input.mark, ${indexedUpTo('input.seq')} FROM input WHERE chat.id = input.chat_id
  )
  SELECT chat_id AS "chatId", created_at AS "createdAt" FROM written`;

const BEGIN = `INSERT INTO event (chat_id, seq, mark, type, actor_id) VALUES ($1, 0, $2, 'CHAT_CREATED', $3)`;

export const startLog = async (tx: Queryable, chatId: bigint, actorId: bigint, mark: number): Promise<void> => {
  await tx.query(BEGIN, [chatId, mark, actorId]);
};

const append = async (tx: Queryable, chat: ChatRow, event: NewEvent): Promise<LogEvent> => {
  const seq = chat.headSeq + 1;
  const mark = newMark();
  const messages = event.messages ?? [];
  const [row] = await tx.query<{ createdAt: Date }>(APPEND, [
    chat.id,
    seq,
    mark,
    event.type,
    event.actor.id,
    event.user?.id ?? null,
    messages.map((message) => message.seq),
    event.emoji ?? null,
  ]);
  chat.headSeq = seq;
  chat.headMark = mark;
  return written(chat.id, event, { seq, mark, createdAt: row!.createdAt });
};

const written = (
  chatId: bigint,
  { type, actor, user, messages = [], emoji }: NewEvent,
  place: Pick<LogEvent, 'seq' | 'mark' | 'createdAt'>,
): LogEvent => ({
  chatId,
  ...place,
  type,
  actorId: actor.id,
  userId: user?.id ?? null,
  emoji: emoji ?? null,
  messages,
  users: user === undefined || user.id === actor.id ? [actor] : [actor, user],
});

const appendAll = async (tx: Queryable, chat: ChatRow, events: readonly NewEvent[]): Promise<LogEvent[]> => {
  const seqs = events.map((_event, index) => chat.headSeq + 1 + index);
  const marks = [...newMarks(events.length)];
  chat.headSeq = seqs.at(-1)!;
  chat.headMark = marks.at(-1)!;
  const [row] = await tx.query<{ createdAt: Date }>(APPEND_ALL, [
    chat.id,
    seqs,
    marks,
    events.map(({ type }) => type),
    events.map(({ actor }) => actor.id),
    events.map(({ user }) => user?.id ?? null),
    events.map(({ messages }) => messages?.[0]?.seq ?? null),
    events.map(({ emoji }) => emoji ?? null),
    chat.headSeq,
    chat.headMark,
  ]);
  return events.map((event, index) =>
    written(chat.id, event, { seq: seqs[index]!, mark: marks[index]!, createdAt: row!.createdAt }),
  );
};

const appendToEach = async (
  tx: Queryable,
  chats: readonly ChatRow[],
  { type, actor }: Pick<NewEvent, 'type' | 'actor'>,
): Promise<LogEvent[]> => {
  for (const chat of chats) {
    chat.headSeq += 1;
    chat.headMark = newMark();
  }
  const rows = await tx.query<{ chatId: bigint; createdAt: Date }>(APPEND_TO_EACH, [
    chats.map((chat) => chat.id),
    chats.map((chat) => chat.headSeq),
    chats.map((chat) => chat.headMark),
    type,
    actor.id,
  ]);
  const createdAt = new Map(rows.map((row) => [row.chatId, row.createdAt]));
  return chats.map(({ id, headSeq, headMark }) =>
    written(id, { type, actor }, { seq: headSeq, mark: headMark, createdAt: createdAt.get(id)! }),
  );
};

/** Two statements besides those of `work`, BEGIN and COMMIT: the lock, and one for each event. */
export const createChanges = (db: Database, bus: Bus): Changes => {
  const changeAll: Changes['changeAll'] = async (chatIds, work) => {
    let appended: LogEvent[] = [];
    let marksBefore = new Map<bigint, number>();
    const result = await db.transaction(async (tx) => {
      appended = []; // the transaction may be retried
      const rows = await tx.query<ChatRow>(LOCK_CHATS, [chatIds]);
      marksBefore = new Map(rows.map((chat) => [chat.id, chat.headMark]));
      const query: Queryable['query'] = (sql, params) => tx.query(sql, params);
      const chats = rows.map((chat): [bigint, ChatTransaction] => [
        chat.id,
        {
          chat,
          query,
          nextSeq: () => chat.headSeq + 1,
          append: async (event) => {
            const one = await append(tx, chat, event);
            appended.push(one);
            return one.seq;
          },
          appendAll: async (events) => {
            const all = await appendAll(tx, chat, events);
            appended.push(...all);
            return all.map(({ seq }) => seq);
          },
        },
      ]);
      return work({
        chats: new Map(chats),
        query,
        appendToEach: async (event) => void appended.push(...(await appendToEach(tx, rows, event))),
      });
    });
    const byChat = new Map<bigint, LogEvent[]>();
    for (const event of appended) byChat.set(event.chatId, [...(byChat.get(event.chatId) ?? []), event]);
    for (const [chatId, events] of byChat) {
      bus.publish(chatTopic(chatId), { events, markBefore: marksBefore.get(chatId)! });
    }
    return result;
  };

  return {
    changeAll,
    change: (chatId, work) =>
      changeAll([chatId], async ({ chats }) => {
        const chat = chats.get(chatId);
        return chat === undefined ? undefined : work(chat);
      }),
  };
};
