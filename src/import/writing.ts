/** What the writers of chats, their logs and their members hand each other. */
import type { Database } from '../db/database.js';
import type { ChatKind } from '../generated/prisma/enums.js';
import type { Chat, Collection, Membership } from './collection.js';
import type { LogPlan } from './plan-log.js';
import type { ResolvedMessages } from './resolve-messages.js';

export interface WriteChatsOptions extends ResolvedMessages {
  db: Database;
  collection: Collection;
  /** The line of the file at this position, in bytes. */
  readLine: (offset: number, length: number) => string;
  /** Called as messages are written. */
  onProgress?: ((messages: number) => void) | undefined;
}

/** A chat with its new messages. */
export interface Work {
  chat: Chat;
  /** Rows of the table. */
  rows: Uint32Array;
}

/** What one transaction knows about a chat. */
export interface Writing {
  work: Work;
  id: bigint;
  /** Null if this import creates the chat. */
  present: Present | null;
  plan: LogPlan;
  marks: Int32Array;
  /** Members who join after the chat was created, each with an event. */
  joining: Membership[];
  /** When the chat was created, or the time of its last event: nothing written here is earlier. */
  since: Date;
  /** The last event's seq. */
  headSeq: number;
  /** Who creates it. */
  makerId: bigint;
  memberIds: bigint[];
  closedAt: Date | null;
  hasBusiness: boolean;
}

export interface Present {
  id: bigint;
  kind: ChatKind;
  headSeq: number;
  messageCount: number;
  /** The last event's time. */
  lastAt: Date;
  memberIds: Set<bigint>;
}
