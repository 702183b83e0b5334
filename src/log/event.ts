/** A chat's log entries, as they are read, carried by the doorbell and delivered to followers. */
import type { ChatAccess, ChatKind, EventType, Role } from '../generated/prisma/enums.js';

/** A user as every signed-in user may see them; `email` is read on request. */
export interface UserFacts {
  id: bigint;
  username: string;
  firstName: string;
  lastName: string;
  role: Role;
  createdAt: Date;
  /** SHA-256 of their picture, in hex; null without one. */
  avatar: string | null;
}

/** A message as it is now. `text` is null once deleted. */
export interface MessageRow {
  chatId: bigint;
  seq: number;
  senderId: bigint;
  text: string | null;
  /** A JSON object as text; null if it is empty, and once the message is deleted. */
  metadata: string | null;
  clientMessageId: string | null;
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  /** The seq of the event that last changed it; its own `seq` if it never changed. */
  changedSeq: number;
  /** How many reacted with which emoji, as `[["👍",3],…]` in the order of first use; null if nobody did, and once deleted. */
  reactions: string | null;
  /** The message that this one replies to. */
  replyToSeq: number | null;
  /** That message, included where that costs nothing. */
  repliedTo?: MessageRow;
  /** In the sender's order; null for nobody, and once deleted. */
  mentionIds: bigint[] | null;
  mentionsEveryone: boolean;
  pinnedAt: Date | null;
  /** How many files it has; 0 once deleted. */
  attachmentCount: number;
  /** Included where that costs nothing, so that a delivery need not read it back. */
  sender?: UserFacts;
}

/** The memory that the texts of an event's messages take. */
export const textBytesOf = ({ messages }: LogEvent): number =>
  messages.reduce((sum, message) => sum + bytesOf(message) + (message.repliedTo ? bytesOf(message.repliedTo) : 0), 0);

const bytesOf = ({ text, metadata }: MessageRow): number => 2 * ((text?.length ?? 0) + (metadata?.length ?? 0));

/** One durable event. `messages` are those it is about, as they were when the event was read. */
export interface LogEvent {
  chatId: bigint;
  seq: number;
  /** 32 random bits, signed. */
  mark: number;
  type: EventType;
  createdAt: Date;
  actorId: bigint;
  /** The member added, removed or given a role, otherwise null. */
  userId: bigint | null;
  /** Of the reaction that was added or removed, otherwise null. */
  emoji: string | null;
  messages: MessageRow[];
  /** The people it names, by id, as far as they were read with it. */
  users: UserFacts[];
}

/** The columns of a `MessageRow`, without its sender; `message` must be the table's name in the statement. */
export const MESSAGE_COLUMNS = `message.chat_id AS "chatId", message.seq, message.sender_id AS "senderId", message.text, message.metadata,
  message.client_message_id AS "clientMessageId", message.created_at AS "createdAt", message.edited_at AS "editedAt",
  message.deleted_at AS "deletedAt", message.changed_seq AS "changedSeq", message.reactions,
  message.reply_to_seq AS "replyToSeq", message.mention_ids AS "mentionIds", message.mentions_everyone AS "mentionsEveryone",
  message.pinned_at AS "pinnedAt", message.attachment_count AS "attachmentCount"`;

/** A chat's row as it was read. */
export interface ChatRow {
  id: bigint;
  kind: ChatKind;
  name: string | null;
  slug: string | null;
  orderRef: string | null;
  access: ChatAccess;
  createdAt: Date;
  activityAt: Date;
  closedAt: Date | null;
  headSeq: number;
  headMark: number;
  messageCount: number;
  /** Whether a brand of this MATCH has the BUSINESS plan; false for other kinds. */
  hasBusiness: boolean;
  /** Whether one of the two of this DIRECT chat has blocked the other; false for other kinds. */
  isBlocked: boolean;
}

/** The chat's row as `ChatRow`; `chat` must be the table's name in the statement. */
export const CHAT_COLUMNS = `chat.id, chat.kind, chat.name, chat.slug, chat.order_ref AS "orderRef", chat.access, chat.created_at AS "createdAt",
  chat.activity_at AS "activityAt", chat.closed_at AS "closedAt", chat.head_seq AS "headSeq", chat.head_mark AS "headMark",
  chat.message_count AS "messageCount", chat.has_business AS "hasBusiness", chat.is_blocked AS "isBlocked"`;
