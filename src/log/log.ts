/** The chat log as the rules see it: change a chat under its lock, send, read, follow. Assembled in app.ts. */
import type { Bus } from '../bus/bus.js';
import type { Database, Queryable } from '../db/database.js';
import type { Role } from '../generated/prisma/enums.js';
import type { Tally } from '../meters.js';
import { startLog, createChanges } from './append.js';
import type { ChatRow, MessageRow, UserFacts } from './event.js';
import { createSender } from './send.js';

/** An event to append; the log assigns its seq, mark and time. */
export interface NewEvent {
  type: 'MESSAGE_EDITED' | 'MESSAGES_DELETED' | 'MEMBER_ADDED' | 'MEMBER_REMOVED' | 'CHAT_UPDATED';
  actor: UserFacts;
  /** The member added or removed. */
  user?: UserFacts;
  /** The messages it is about, as this transaction leaves them. */
  messages?: MessageRow[];
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
  /** Appends one event for each user, in order, in one statement. @returns the events' seqs */
  appendAdded(actor: UserFacts, users: readonly UserFacts[]): Promise<number[]>;
  /** The seq that the next `append` will take. */
  nextSeq(): number;
}

/** One transaction that holds the locks of several chats' rows. */
export interface ChatsTransaction extends Queryable {
  /** By id; missing chats are left out. */
  readonly chats: ReadonlyMap<bigint, ChatTransaction>;
  /** Appends the same event to each chat, in one statement for any number of them. */
  appendToEach(event: Pick<NewEvent, 'type' | 'actor'>): Promise<void>;
}

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

export interface Log {
  /**
   * Runs `work` under the lock of the chat's row, in one transaction; the events it appends are published after the commit.
   *
   * @returns undefined if the chat does not exist
   */
  change<Result>(chatId: bigint, work: (tx: ChatTransaction) => Promise<Result>): Promise<Result | undefined>;
  /** As `change`, for several chats at once. They are locked in the order of their ids, so that two calls wait instead of deadlocking. */
  changeAll<Result>(chatIds: readonly bigint[], work: (tx: ChatsTransaction) => Promise<Result>): Promise<Result>;
  /** Writes row 0 of a new chat’s log, inside the transaction that creates the chat; `mark` is the value of its `head_mark`. */
  startLog(tx: Queryable, chatId: bigint, actorId: bigint, mark: number): Promise<void>;
  /** @throws UnavailableError: the outcome is unknown */
  send(message: NewMessage): Promise<SendOutcome>;
  /** Messages still queued for a statement. */
  waiting(): number;
  /** How many messages ended in each outcome; `failed`: unknown, or not tried. */
  readonly outcomes: Tally;
  /** Resolves when every accepted send has been answered. */
  drain(): Promise<void>;
}

export interface LogOptions {
  /**
   * Who may send, as a SQL condition over rows that the statement has locked: `locked_chat`, `locked_member` (null if the sender is not
   * a member), `sender` and `input.is_present`. The log itself does not know the kinds of chat.
   */
  maySend: string;
}

export const createLog = (db: Database, bus: Bus, { maySend }: LogOptions): Log => ({
  ...createChanges(db, bus),
  startLog: startLog,
  ...createSender(db, bus, maySend),
});
