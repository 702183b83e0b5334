/** What stands in a chat's log, as it is read, carried by the doorbell and handed to followers. */
import type { ChatKind, EventType, Role } from '../generated/prisma/enums.js';

/** A user as everyone signed in may see them; `email` is read when asked for. */
export interface UserFacts {
  id: bigint;
  username: string;
  firstName: string;
  lastName: string;
  role: Role;
  createdAt: Date;
}

/** A message as it is now. `text` is null once deleted. */
export interface MessageRow {
  chatId: bigint;
  seq: number;
  senderId: bigint;
  text: string | null;
  clientMessageId: string | null;
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  /** The number of the event that changed it last; its own `seq` while nothing did. */
  changedSeq: number;
  /** Along where it costs nothing, so that a delivery reads nothing back. */
  sender?: UserFacts;
}

/** One durable event. `messages` are those it is about, as they were when it was read. */
export interface LogEvent {
  chatId: bigint;
  seq: number;
  /** 32 random bits, signed. */
  mark: number;
  type: EventType;
  createdAt: Date;
  actorId: bigint;
  /** The member added or removed, otherwise null. */
  userId: bigint | null;
  messages: MessageRow[];
  /** The people it names, by id, as far as they came along. */
  users: UserFacts[];
}

/** A chat's row as it was read. */
export interface ChatRow {
  id: bigint;
  kind: ChatKind;
  name: string | null;
  slug: string | null;
  orderRef: string | null;
  createdAt: Date;
  activityAt: Date;
  closedAt: Date | null;
  headSeq: number;
  headMark: number;
  messageCount: number;
  /** Whether a brand of this MATCH has the BUSINESS plan; false for other kinds. */
  hasBusiness: boolean;
}
