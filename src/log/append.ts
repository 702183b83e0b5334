/** Changing a chat: one transaction under the lock of its row, in which events take the next numbers. */
import type { Bus } from '../bus/bus.js';
import type { Database, Queryable } from '../db/database.js';
import { chatTopic, pack } from './doorbell.js';
import type { ChatRow, LogEvent } from './event.js';
import type { ChatTransaction, Log, NewEvent } from './log.js';
import { newMark } from './mark.js';

/** The chat's row as `ChatRow`; `chat` must be the table's name in the statement. */
export const CHAT_COLUMNS = `chat.id, chat.kind, chat.name, chat.slug, chat.order_ref AS "orderRef", chat.created_at AS "createdAt",
  chat.activity_at AS "activityAt", chat.closed_at AS "closedAt", chat.head_seq AS "headSeq", chat.head_mark AS "headMark",
  chat.message_count AS "messageCount"`;

const LOCK_CHAT = `SELECT ${CHAT_COLUMNS} FROM chat WHERE id = $1 FOR NO KEY UPDATE`;

const APPEND = `WITH written AS (
    INSERT INTO event (chat_id, seq, mark, type, actor_id, user_id, message_seqs)
    VALUES ($1, $2, $3, $4::event_type, $5, $6, $7) RETURNING created_at)
  UPDATE chat SET head_seq = $2, head_mark = $3 WHERE id = $1 RETURNING (SELECT created_at FROM written) AS "createdAt"`;

const BEGIN = `INSERT INTO event (chat_id, seq, mark, type, actor_id) VALUES ($1, 0, $2, 'CHAT_CREATED', $3)`;

export const begin: Log['begin'] = async (tx, chatId, actorId, mark) => {
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
  ]);
  chat.headSeq = seq;
  chat.headMark = mark;
  return {
    chatId: chat.id,
    seq,
    mark,
    type: event.type,
    createdAt: row!.createdAt,
    actorId: event.actor.id,
    userId: event.user?.id ?? null,
    messages,
    users: event.user === undefined || event.user.id === event.actor.id ? [event.actor] : [event.actor, event.user],
  };
};

/** Two statements beside those of `work`, BEGIN and COMMIT: the lock, and one for each event. */
export const createChange =
  (db: Database, bus: Bus): Log['change'] =>
  async (chatId, work) => {
    let appended: LogEvent[] = [];
    const result = await db.transaction(async (tx) => {
      appended = []; // the transaction may be tried again
      const [chat] = await tx.query<ChatRow>(LOCK_CHAT, [chatId]);
      if (chat === undefined) return undefined;
      const chatTransaction: ChatTransaction = {
        chat,
        query: (sql, params) => tx.query(sql, params),
        nextSeq: () => chat.headSeq + 1,
        append: async (event) => {
          const written = await append(tx, chat, event);
          appended.push(written);
          return written.seq;
        },
      };
      return work(chatTransaction);
    });
    if (appended.length > 0) bus.publish(chatTopic(chatId), pack({ events: appended }));
    return result;
  };
