/** The chat log as the rules see it: change a chat under its lock, send, read, follow. Put together in app.ts. */
import type { Bus } from '../bus/bus.js';
import type { Database, Queryable } from '../db/database.js';
import type { Role } from '../generated/prisma/enums.js';
import type { Tally } from '../meters.js';
import { startLog, createChanges } from './append.js';
import type { ChatRow, MessageRow, UserFacts } from './event.js';
import { createSender } from './send.js';

/** An event to append; its number, mark and time come from the log. */
export interface NewEvent {
  type: 'MESSAGE_EDITED' | 'MESSAGES_DELETED' | 'MEMBER_ADDED' | 'MEMBER_REMOVED' | 'CHAT_UPDATED';
  actor: UserFacts;
  /** The member added or removed. */
  user?: UserFacts;
  /** The messages it is about, as this transaction leaves them. */
  messages?: MessageRow[];
}

/** One transaction that holds the lock of `chat`'s row. Read what a decision rests on through it, nothing else. */
export interface ChatTransaction extends Queryable {
  /** As locked; `append` moves its head. */
  readonly chat: ChatRow;
  /**
   * Appends to the log; the events go out once the transaction has committed.
   *
   * @returns the event's number, which may be needed before (a message's `changedSeq`)
   */
  append(event: NewEvent): Promise<number>;
  /** One event for each of them, in their order: one statement. @returns the events' numbers */
  appendAdded(actor: UserFacts, users: readonly UserFacts[]): Promise<number[]>;
  /** The number that the next `append` will take. */
  nextSeq(): number;
}

/** One transaction that holds the locks of several chats' rows. */
export interface ChatsTransaction extends Queryable {
  /** By id; without those that there are not. */
  readonly chats: ReadonlyMap<bigint, ChatTransaction>;
  /** Appends the same event to each of them: one statement, however many they are. */
  appendToEach(event: Pick<NewEvent, 'type' | 'actor'>): Promise<void>;
}

export interface NewMessage {
  chatId: bigint;
  senderId: bigint;
  text: string;
  /** A JSON object as text, and the form of it that is compared where a key is repeated; absent for an empty one. */
  metadata?: { text: string; canonical: string };
  clientMessageId: string | null;
  /** False where the sender is over the rate limit: a repeated key still gets its first answer. */
  isWithinLimit: boolean;
  /** Whether the sender is present in the chat; asked of MATCH alone. */
  isPresent: boolean;
}

/** What a send met, under the locks of the chat's and the member's rows. */
export type SendOutcome =
  | { kind: 'sent'; message: MessageRow }
  /** This key was used before; `isSame`: for the same text and metadata. Whether the sender still sees the chat is for the rules to say. */
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
   * Runs `work` under the lock of the chat's row, in one transaction; what it appends is told to followers after the commit.
   *
   * @returns undefined where there is no such chat
   */
  change<Result>(chatId: bigint, work: (tx: ChatTransaction) => Promise<Result>): Promise<Result | undefined>;
  /** As `change`, for several chats at once, locked in the order of their ids, so that two of these wait for each other. */
  changeAll<Result>(chatIds: readonly bigint[], work: (tx: ChatsTransaction) => Promise<Result>): Promise<Result>;
  /** Writes row 0 of a new chat’s log, inside the transaction that makes the chat; `mark` is the one given to its `head_mark`. */
  startLog(tx: Queryable, chatId: bigint, actorId: bigint, mark: number): Promise<void>;
  /** @throws UnavailableError: unknown whether it was sent */
  send(message: NewMessage): Promise<SendOutcome>;
  /** Messages that wait for their statement. */
  waiting(): number;
  /** What became of messages, by the kind of their outcome; `failed`: unknown, or not tried. */
  readonly outcomes: Tally;
  /** Resolves when what was sent has been answered. */
  drain(): Promise<void>;
}

export interface LogOptions {
  /**
   * Who may send, as a condition in SQL over rows that the statement has locked: `locked_chat`, `locked_member` (null where they are no
   * member), `sender` and `input.is_present`. The log itself knows no kinds of chat.
   */
  maySend: string;
}

export const createLog = (db: Database, bus: Bus, { maySend }: LogOptions): Log => ({
  ...createChanges(db, bus),
  startLog: startLog,
  ...createSender(db, bus, maySend),
});
