/**
 * Sending: the hot path. Messages queued while the last statement ran go into the next one, for many chats and senders at
 * once; one statement checks, numbers and writes them all.
 */
import type { Bus } from '../bus/bus.js';
import type { Queryable } from '../db/database.js';
import { isUniqueViolation, UnavailableError } from '../db/database.js';
import type { ChatKind, Role } from '../generated/prisma/enums.js';
import { createTally, type Tally } from '../meters.js';
import { chatTopic } from './doorbell.js';
import type { ChatRow, LogEvent, MessageRow, UserFacts } from './event.js';
import { newMarks } from './mark.js';
import { createSendQueue } from './send-queue.js';

export interface NewMessage {
  chatId: bigint;
  senderId: bigint;
  text: string;
  /** A JSON object as text, and its canonical form, which a repeated key is compared by; absent if empty. */
  metadata?: { text: string; canonical: string };
  clientMessageId: string | null;
  /** False if the sender is over the rate limit: a repeated key still gets its first answer. */
  isWithinLimit: boolean;
  /** Whether the sender is present in the chat; used by MATCH chats only. */
  isPresent: boolean;
}

/** What a send found under the locks of the chat's and the member's rows. */
export type SendOutcome =
  | { kind: 'sent'; message: MessageRow }
  /** This key was used before; `isSame`: for the same text and metadata. The rules decide whether the sender still sees the chat. */
  | ({ kind: 'repeated'; message: MessageRow; isSame: boolean } & SendFacts)
  | ({ kind: 'refused' } & SendFacts)
  | { kind: 'noChat' };

export interface SendFacts {
  chat: Pick<ChatRow, 'kind' | 'closedAt' | 'hasBusiness'>;
  isMember: boolean;
  role: Role;
}

/** A repeated key is compared by this. A text never holds NUL, so a message with metadata never equals one without. */
const hashOf = (
  table: string,
) => `sha256(convert_to(${table}.text, 'UTF8') || CASE WHEN ${table}.canonical_metadata IS NULL THEN ''
    ELSE '\\x00'::bytea || convert_to(${table}.canonical_metadata, 'UTF8') END)`;

/**
 * The right to write comes from rows that this statement has locked: first the chat's, then the member's; only then does the message
 * take its seq. A plain read of `member` would use the snapshot from before the wait for the chat's lock, and a removed member's
 * message would follow their removal. For the same reason `earlier` may miss a key that was committed during that wait: the
 * unique constraint then refuses the whole statement, and it is retried. (`ON CONFLICT DO NOTHING` would leave a seq
 * without an event.) Times rise with the seqs, even if the clock was set back.
 *
 * The planner must not see how long the arrays are, hence the subqueries: it would plan each lone send again, for one row, which takes
 * longer than to execute it. Instead, it soon keeps one plan for all batches.
 */
const sendSql = (maySend: string) => `
WITH input AS MATERIALIZED (
  SELECT * FROM unnest((SELECT $1::int[]), (SELECT $2::bigint[]), (SELECT $3::bigint[]), (SELECT $4::text[]), (SELECT $5::text[]),
    (SELECT $6::int[]), (SELECT $7::boolean[]), (SELECT $8::boolean[]), (SELECT $9::text[]), (SELECT $10::text[]))
    AS input(n, chat_id, sender_id, text, client_message_id, mark, is_within_limit, is_present, metadata, canonical_metadata)
), locked_chat AS MATERIALIZED (
  SELECT id, kind, closed_at, has_business, head_seq, head_mark, message_count, activity_at FROM chat
  WHERE id IN (SELECT chat_id FROM input) ORDER BY id FOR NO KEY UPDATE
), locked_member AS MATERIALIZED (
  SELECT chat_id, user_id FROM member
  WHERE (chat_id, user_id) IN (SELECT input.chat_id, input.sender_id FROM input JOIN locked_chat ON locked_chat.id = input.chat_id)
  ORDER BY chat_id, user_id FOR NO KEY UPDATE
), judged AS MATERIALIZED (
  SELECT input.*, locked_chat.kind, locked_chat.closed_at, locked_chat.has_business, locked_chat.head_seq, locked_chat.head_mark,
    locked_chat.message_count, locked_chat.activity_at, locked_member.user_id IS NOT NULL AS is_member, earlier.seq AS earlier_seq,
    ${maySend} AND locked_chat.closed_at IS NULL AND input.is_within_limit AND earlier.seq IS NULL AS is_accepted
  FROM input
  LEFT JOIN "user" sender ON sender.id = input.sender_id
  LEFT JOIN locked_chat ON locked_chat.id = input.chat_id
  LEFT JOIN locked_member ON locked_member.chat_id = input.chat_id AND locked_member.user_id = input.sender_id
  LEFT JOIN message earlier ON earlier.chat_id = input.chat_id AND earlier.sender_id = input.sender_id
    AND earlier.client_message_id = input.client_message_id
), numbered AS MATERIALIZED (
  SELECT n, chat_id, sender_id, text, metadata, canonical_metadata, client_message_id, mark,
    head_seq + (row_number() OVER (PARTITION BY chat_id ORDER BY n))::int AS seq,
    message_count + (row_number() OVER (PARTITION BY chat_id ORDER BY n))::int AS ordinal,
    greatest(date_trunc('milliseconds', clock_timestamp()), activity_at) AS sent_at
  FROM judged WHERE is_accepted
), moved_chat AS (
  UPDATE chat SET head_seq = last.seq, head_mark = last.mark, message_count = last.ordinal, activity_at = last.sent_at
  FROM (SELECT DISTINCT ON (chat_id) chat_id, seq, mark, ordinal, sent_at FROM numbered ORDER BY chat_id, seq DESC) last
  WHERE chat.id = last.chat_id
), moved_member AS (
  UPDATE member SET sent_count = sent_count + sent.count
  FROM (SELECT chat_id, sender_id, count(*)::int AS count FROM numbered GROUP BY chat_id, sender_id) sent
  WHERE member.chat_id = sent.chat_id AND member.user_id = sent.sender_id
), written_event AS (
  INSERT INTO event (chat_id, seq, mark, type, actor_id, created_at)
  SELECT chat_id, seq, mark, 'MESSAGE_SENT', sender_id, sent_at FROM numbered
), written_message AS (
  INSERT INTO message (chat_id, seq, ordinal, sender_id, text, metadata, text_hash, client_message_id, created_at, changed_seq)
  SELECT chat_id, seq, ordinal, sender_id, text, metadata, ${hashOf('numbered')}, client_message_id, sent_at, seq FROM numbered
)
SELECT judged.n, judged.kind, judged.closed_at AS "closedAt", judged.has_business AS "hasBusiness", judged.is_member AS "isMember",
  judged.head_mark AS "markBefore", numbered.seq, numbered.sent_at AS "sentAt",
  sender.username, sender.first_name AS "firstName", sender.last_name AS "lastName", sender.role, sender.created_at AS "senderCreatedAt",
  earlier.seq AS "earlierSeq", earlier.text AS "earlierText", earlier.metadata AS "earlierMetadata",
  earlier.text_hash = ${hashOf('judged')} AS "isSame",
  earlier.created_at AS "earlierCreatedAt", earlier.edited_at AS "earlierEditedAt", earlier.deleted_at AS "earlierDeletedAt",
  earlier.changed_seq AS "earlierChangedSeq", earlier.reactions AS "earlierReactions"
FROM judged
LEFT JOIN numbered ON numbered.n = judged.n
LEFT JOIN "user" sender ON sender.id = judged.sender_id
LEFT JOIN message earlier ON earlier.chat_id = judged.chat_id AND earlier.seq = judged.earlier_seq`;

interface SendRow {
  n: number;
  kind: ChatKind | null;
  closedAt: Date | null;
  hasBusiness: boolean;
  isMember: boolean;
  /** The mark of the event that was the chat's newest before this statement. */
  markBefore: number;
  seq: number | null;
  sentAt: Date;
  username: string;
  firstName: string;
  lastName: string;
  role: Role;
  senderCreatedAt: Date;
  earlierSeq: number | null;
  earlierText: string | null;
  earlierMetadata: string | null;
  isSame: boolean | null;
  earlierCreatedAt: Date;
  earlierEditedAt: Date | null;
  earlierDeletedAt: Date | null;
  earlierChangedSeq: number;
  earlierReactions: string | null;
}

interface Waiting extends NewMessage {
  since: number;
  /** The first outcome wins. */
  resolve: (outcome: SendOutcome) => void;
  reject: (error: Error) => void;
}

/** Two statements at once: one is checked and written while the other commits. A chat is in only one of them. */
const LANES = 2;
const MAX_BATCH = 500;
const MAX_QUEUE = 10_000;
/** A send that has waited this long for its turn fails, and is never tried. */
const TURN_WITHIN_MS = 3000;
/** A send that has waited this long is answered as unknown, whatever becomes of it. */
const ANSWER_WITHIN_MS = 4500;
const SWEEP_MS = 250;
const RETRY_AFTER_MS = 1000;

export interface Sender {
  /** @throws UnavailableError: the outcome is unknown */
  send(message: NewMessage): Promise<SendOutcome>;
  /** Messages still queued for a statement. */
  waiting(): number;
  /** How many messages ended in each outcome; `failed`: unknown, or not tried. */
  readonly outcomes: Tally;
  /** Resolves when every accepted send has been answered. */
  drain(): Promise<void>;
}

export const createSender = (db: Queryable, bus: Bus, maySend: string): Sender => {
  const sql = sendSql(maySend);
  const queue = createSendQueue<Waiting>();
  let lanes = 0;
  let isPumpDue = false;
  let onIdle: (() => void)[] = [];
  /** Unanswered sends, oldest first. */
  const open = new Set<Waiting>();
  let sweeping: NodeJS.Timeout | undefined;
  const outcomes = createTally();

  /** A chat's next statement may begin its wait only when the last one has given up: together the two waits would be too long. */
  const sweep = () => {
    const now = performance.now();
    for (const waiting of open) {
      if (now - waiting.since < ANSWER_WITHIN_MS) break;
      waiting.reject(new UnavailableError(RETRY_AFTER_MS));
    }
    if (open.size > 0) return;
    clearInterval(sweeping);
    sweeping = undefined;
  };

  const pump = () => {
    isPumpDue = false;
    for (const waiting of queue.expire(performance.now() - TURN_WITHIN_MS)) {
      waiting.reject(new UnavailableError(RETRY_AFTER_MS));
    }
    while (lanes < LANES) {
      const batch = queue.take(MAX_BATCH);
      if (batch.length === 0) break;
      lanes += 1;
      void write({ db, bus, sql }, batch).finally(() => {
        lanes -= 1;
        queue.release(batch);
        pump();
      });
    }
    if (lanes === 0 && queue.size === 0) {
      for (const resolve of onIdle) resolve();
      onIdle = [];
    }
  };

  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        if (queue.size >= MAX_QUEUE) {
          outcomes.add('failed');
          return reject(new UnavailableError(RETRY_AFTER_MS));
        }
        const waiting: Waiting = {
          ...message,
          since: performance.now(),
          resolve: (outcome) => {
            if (open.delete(waiting)) outcomes.add(outcome.kind);
            resolve(outcome);
          },
          reject: (error) => {
            if (open.delete(waiting)) outcomes.add('failed');
            reject(error);
          },
        };
        queue.add(waiting);
        open.add(waiting);
        sweeping ??= setInterval(sweep, SWEEP_MS);
        // Deferred, so that the sends of one tick share a statement.
        if (!isPumpDue && lanes < LANES) {
          isPumpDue = true;
          setImmediate(pump);
        }
      }),
    waiting: () => queue.size,
    outcomes,
    drain: () =>
      new Promise((resolve) => {
        onIdle.push(resolve);
        pump();
      }),
  };
};

interface SendStatement {
  db: Queryable;
  bus: Bus;
  sql: string;
}

/** Writes a batch and answers each message; never rejects. If one message makes the statement fail for all, each is sent alone. */
const write = async (on: SendStatement, batch: Waiting[], tries = 0): Promise<void> => {
  const { db, bus, sql } = on;
  let rows: SendRow[];
  const marks = newMarks(batch.length);
  try {
    rows = await db.query<SendRow>(sql, [
      batch.map((_waiting, n) => n),
      batch.map((waiting) => waiting.chatId),
      batch.map((waiting) => waiting.senderId),
      batch.map((waiting) => waiting.text),
      batch.map((waiting) => waiting.clientMessageId),
      [...marks],
      batch.map((waiting) => waiting.isWithinLimit),
      batch.map((waiting) => waiting.isPresent),
      batch.map((waiting) => waiting.metadata?.text),
      batch.map((waiting) => waiting.metadata?.canonical),
    ]);
  } catch (error) {
    if (isUniqueViolation(error) && tries < 3) return write(on, batch, tries + 1);
    if (batch.length > 1 && !(error instanceof UnavailableError)) {
      for (const waiting of batch) await write(on, [waiting]);
      return;
    }
    for (const waiting of batch) waiting.reject(error as Error);
    return;
  }

  const rings = new Map<bigint, { events: LogEvent[]; markBefore: number }>();
  const outcomes = rows.map((row) => ({
    waiting: batch[row.n]!,
    outcome: outcomeOf(batch[row.n]!, row),
    mark: marks[row.n]!,
    markBefore: row.markBefore,
  }));
  for (const { outcome, mark, markBefore } of outcomes) {
    if (outcome.kind !== 'sent') continue;
    const { message } = outcome;
    const ring = rings.get(message.chatId) ?? { events: [], markBefore };
    rings.set(message.chatId, ring);
    ring.events.push({
      chatId: message.chatId,
      seq: message.seq,
      mark,
      type: 'MESSAGE_SENT',
      createdAt: message.createdAt,
      actorId: message.senderId,
      userId: null,
      emoji: null,
      messages: [message],
      users: [],
    });
  }
  for (const [chatId, { events, markBefore }] of rings) {
    bus.publish(chatTopic(chatId), { events: events.sort((one, other) => one.seq - other.seq), markBefore });
  }
  for (const { waiting, outcome } of outcomes) waiting.resolve(outcome);
};

const outcomeOf = (waiting: NewMessage, row: SendRow): SendOutcome => {
  const { chatId, senderId, clientMessageId } = waiting;
  const sender: UserFacts = {
    id: senderId,
    username: row.username,
    firstName: row.firstName,
    lastName: row.lastName,
    role: row.role,
    createdAt: row.senderCreatedAt,
  };
  const base = { chatId, senderId, clientMessageId, sender };
  if (row.seq !== null) {
    const message: MessageRow = {
      ...base,
      seq: row.seq,
      text: waiting.text,
      metadata: waiting.metadata?.text ?? null,
      createdAt: row.sentAt,
      editedAt: null,
      deletedAt: null,
      changedSeq: row.seq,
      reactions: null,
    };
    return { kind: 'sent', message };
  }
  if (row.kind === null) return { kind: 'noChat' };
  const facts = {
    chat: { kind: row.kind, closedAt: row.closedAt, hasBusiness: row.hasBusiness },
    isMember: row.isMember,
    role: row.role,
  };
  if (row.earlierSeq === null) return { kind: 'refused', ...facts };
  const message: MessageRow = {
    ...base,
    seq: row.earlierSeq,
    text: row.earlierText,
    metadata: row.earlierMetadata,
    createdAt: row.earlierCreatedAt,
    editedAt: row.earlierEditedAt,
    deletedAt: row.earlierDeletedAt,
    changedSeq: row.earlierChangedSeq,
    reactions: row.earlierReactions,
  };
  return { kind: 'repeated', message, isSame: row.isSame === true, ...facts };
};
