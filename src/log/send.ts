/**
 * Sending: the hot path. Messages queued while the last statement ran go into the next one, for many chats and senders at
 * once; one statement checks, numbers and writes them all.
 */
import type { Bus } from '../bus/bus.js';
import type { Queryable } from '../db/database.js';
import { isUniqueViolation, UnavailableError } from '../db/database.js';
import type { Role } from '../generated/prisma/enums.js';
import { createTally, type Tally } from '../meters.js';
import { chatTopic } from './doorbell.js';
import type { ChatRow, LogEvent, MessageRow, UserFacts } from './event.js';
import { newMarks } from './mark.js';
import { createSendQueue } from './send-queue.js';
import { sendSql, type SendRow } from './send-statement.js';

export interface NewMessage {
  chatId: bigint;
  senderId: bigint;
  text: string;
  /** A JSON object as text, and its canonical form, which a repeated key is compared by; absent if empty. */
  metadata?: { text: string; canonical: string };
  /** The words that the text is found by, as they go into `to_tsvector`. */
  words: string;
  clientMessageId: string | null;
  /** What few messages have. */
  extras?: Extras;
  /** False if the sender is over the rate limit: a repeated key still gets its first answer. */
  isWithinLimit: boolean;
  /** Whether the sender is present in the chat; used by MATCH chats only. */
  isPresent: boolean;
}

export interface Extras {
  replyToSeq: number | null;
  mentionIds: readonly bigint[];
  mentionsEveryone: boolean;
  /** Rows of `upload`, each once. */
  attachmentIds: readonly bigint[];
  /** Of all of these: what a repeated key is compared by. */
  canonical: string;
}

/** What a send found under the locks of the chat's and the member's rows. */
export type SendOutcome =
  | { kind: 'sent'; message: MessageRow }
  /** This key was used before; `isSame`: for the same text and metadata. The rules decide whether the sender still sees the chat. */
  | ({ kind: 'repeated'; message: MessageRow; isSame: boolean } & SendFacts)
  | ({ kind: 'refused' } & SendFacts)
  | { kind: 'noChat' };

export interface SendFacts {
  chat: Pick<ChatRow, 'kind' | 'closedAt' | 'hasBusiness' | 'isBlocked'>;
  isMember: boolean;
  role: Role;
  /** Whether the message that it replies to is there, and not deleted; true if it replies to none. */
  isReplyFound: boolean;
  /** Those whom it mentions though they are no members. */
  strangerIds: readonly bigint[];
  /** Those of its files that are not the sender's, not stored, expired, or sent with another message. */
  lackingFileIds: readonly bigint[];
  mayMentionEveryone: boolean;
}

/** Between the metadata and the extras: their JSON has no control characters. */
const AND = '\u0001';

/** What stands for the metadata and the extras where a repeated key is compared; undefined if there are neither. */
const canonicalRest = ({ metadata, extras }: NewMessage): string | undefined =>
  extras === undefined ? metadata?.canonical : `${metadata?.canonical ?? ''}${AND}${extras.canonical}`;

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

/**
 * SQL conditions over rows that the statement has locked: `locked_chat`, `locked_member` (null if the sender is not a member),
 * `sender` and `input.is_present`. The log itself does not know the kinds of chat.
 */
export interface SendRights {
  /** Who may send. */
  maySend: string;
  mayMentionEveryone: string;
}

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

export const createSender = (db: Queryable, bus: Bus, { maySend, mayMentionEveryone }: SendRights): Sender => {
  const statements = { plain: sendSql(maySend), withExtras: sendSql(maySend, mayMentionEveryone) };
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
      void write({ db, bus, statements }, batch).finally(() => {
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
  /** Batches without extras do not pay for them. */
  statements: { plain: string; withExtras: string };
}

/** Writes a batch and answers each message; never rejects. If one message makes the statement fail for all, each is sent alone. */
const write = async (on: SendStatement, batch: Waiting[], tries = 0): Promise<void> => {
  const { db, bus, statements } = on;
  let rows: SendRow[];
  const marks = newMarks(batch.length);
  const hasExtras = batch.some(({ extras }) => extras !== undefined);
  try {
    rows = await db.query<SendRow>(hasExtras ? statements.withExtras : statements.plain, [
      batch.map((_waiting, n) => n),
      batch.map((waiting) => waiting.chatId),
      batch.map((waiting) => waiting.senderId),
      batch.map((waiting) => waiting.text),
      batch.map((waiting) => waiting.clientMessageId),
      [...marks],
      batch.map((waiting) => waiting.isWithinLimit),
      batch.map((waiting) => waiting.isPresent),
      batch.map((waiting) => waiting.metadata?.text),
      batch.map(canonicalRest),
      batch.map((waiting) => waiting.words),
      ...(hasExtras ? columnsOfExtras(batch) : []),
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
  const doubtful = outcomes.filter(({ outcome }) => tries === 0 && lacksFiles(outcome)).map(({ waiting }) => waiting);
  for (const { waiting, outcome } of outcomes) if (!doubtful.includes(waiting)) waiting.resolve(outcome);
  if (doubtful.length > 0) await write(on, doubtful, 1);
};

/**
 * Asked once more: its files may be those of the message first sent with its key, committed while the statement waited for the chat's lock;
 * or of one before it in the batch, which may have been refused, or have its key.
 */
const lacksFiles = (outcome: SendOutcome): boolean => outcome.kind === 'refused' && outcome.lackingFileIds.length > 0;

const columnsOfExtras = (batch: readonly NewMessage[]) => [
  batch.map(({ extras }) => extras?.replyToSeq),
  batch.map(({ extras }) => arrayText(extras?.mentionIds)),
  batch.map(({ extras }) => extras?.mentionsEveryone ?? false),
  batch.map(({ extras }) => arrayText(extras?.attachmentIds)),
];

const arrayText = (ids: readonly bigint[] = []): string | null => (ids.length === 0 ? null : `{${ids.join()}}`);

const outcomeOf = (waiting: NewMessage, row: SendRow): SendOutcome => {
  const { chatId, senderId, clientMessageId, extras } = waiting;
  const sender: UserFacts = {
    id: senderId,
    username: row.username,
    firstName: row.firstName,
    lastName: row.lastName,
    role: row.role,
    createdAt: row.senderCreatedAt,
    avatar: row.senderAvatar,
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
      replyToSeq: extras?.replyToSeq ?? null,
      ...(row.replied && { repliedTo: repliedOf(chatId, row.replied) }),
      mentionIds: extras && extras.mentionIds.length > 0 ? [...extras.mentionIds] : null,
      mentionsEveryone: extras?.mentionsEveryone ?? false,
      pinnedAt: null,
      attachmentCount: extras?.attachmentIds.length ?? 0,
    };
    return { kind: 'sent', message };
  }
  if (row.kind === null) return { kind: 'noChat' };
  const facts = {
    chat: { kind: row.kind, closedAt: row.closedAt, hasBusiness: row.hasBusiness, isBlocked: row.isBlocked },
    isMember: row.isMember,
    role: row.role,
    isReplyFound: row.isReplyFound ?? true,
    strangerIds: row.strangerIds ?? [],
    lackingFileIds: row.lackingFileIds ?? [],
    mayMentionEveryone: row.mayMentionEveryone ?? false,
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
    replyToSeq: row.earlierReplyToSeq,
    mentionIds: row.earlierMentionIds,
    mentionsEveryone: row.earlierMentionsEveryone,
    pinnedAt: row.earlierPinnedAt,
    attachmentCount: row.earlierAttachmentCount,
  };
  return { kind: 'repeated', message, isSame: row.isSame === true, ...facts };
};

/** A message that is replied to, and its sender, as JSON has them. */
interface RepliedRow extends Omit<UserFacts, 'id' | 'createdAt' | 'avatar'> {
  seq: number;
  senderId: string;
  text: string | null;
  metadata: string | null;
  clientMessageId: string | null;
  createdAt: string;
  editedAt: string | null;
  changedSeq: number;
  reactions: string | null;
  replyToSeq: number | null;
  mentionIds: string[] | null;
  mentionsEveryone: boolean;
  pinnedAt: string | null;
  attachmentCount: number;
  senderCreatedAt: string;
  senderAvatar: string | null;
}

const repliedOf = (chatId: bigint, json: string): MessageRow => {
  const {
    username,
    firstName,
    lastName,
    role,
    senderCreatedAt,
    senderAvatar: avatar,
    ...row
  } = JSON.parse(json) as RepliedRow;
  const dateOf = (text: string | null) => (text === null ? null : new Date(text));
  const senderId = BigInt(row.senderId);
  return {
    ...row,
    chatId,
    senderId,
    createdAt: new Date(row.createdAt),
    editedAt: dateOf(row.editedAt),
    deletedAt: null,
    mentionIds: row.mentionIds && row.mentionIds.map(BigInt),
    pinnedAt: dateOf(row.pinnedAt),
    sender: { id: senderId, username, firstName, lastName, role, createdAt: new Date(senderCreatedAt), avatar },
  };
};
