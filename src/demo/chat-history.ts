/**
 * A generated chat log: the rows that the server would have written had it all happened. For demo data only; real
 * events go through `log/`, under the chat's lock.
 */
import { NOTIFIED_OF } from '../domain/chats/new-chat.js';
import type { ChatAccess, ChatKind, EventType, NotificationKind } from '../generated/prisma/enums.js';

export interface HistoryStart {
  kind: ChatKind;
  name?: string;
  slug?: string;
  orderRef?: string;
  description?: string;
  access?: ChatAccess;
  /** Which of the members owns it. */
  ownerId?: bigint;
  /** For a MATCH: whether one of its brands has the BUSINESS plan. */
  hasBusiness?: boolean;
  /** Unique keys, as `domain/chats/new-chat.ts` makes them. */
  keys?: readonly string[];
  makerId: bigint;
  memberIds: readonly bigint[];
  at: Date;
}

export interface PastMessage {
  seq: number;
  ordinal: number;
  senderId: bigint;
  /** Null once deleted. */
  text: string | null;
  firstText: string;
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  changedSeq: number;
  replyToSeq: number | null;
  mentionIds: readonly bigint[];
  reactions: { userId: bigint; emoji: string; seq: number }[];
  pinnedAt: Date | null;
}

/** What a message may have besides its text. */
export type PastExtras = Partial<Pick<PastMessage, 'replyToSeq' | 'mentionIds'>>;

export interface PastEvent {
  /** Its index in the list is its `seq`. */
  type: EventType;
  at: Date;
  actorId: bigint;
  userId: bigint | null;
  /** Empty for MESSAGE_SENT, whose message has the same `seq` as the event. */
  messageSeqs: readonly number[];
  /** Of a reaction. */
  emoji: string | null;
}

export interface PastMember {
  userId: bigint;
  joinedAt: Date;
  lastReadSeq: number;
  readCount: number;
  sentCount: number;
  readSentCount: number;
  setAsideSeq: number;
}

export interface PastNotification {
  userId: bigint;
  kind: NotificationKind;
  actorId: bigint;
  at: Date;
  readAt: Date | null;
}

export interface ChatHistory {
  readonly start: HistoryStart;
  readonly closedAt: Date | null;
  readonly events: readonly PastEvent[];
  readonly messages: readonly PastMessage[];
  readonly notifications: readonly PastNotification[];
  members(): PastMember[];
  /** @returns its `seq` */
  send(senderId: bigint, text: string, at: Date, extras?: PastExtras): number;
  edit(seq: number, text: string, at: Date): void;
  react(userId: bigint, seq: number, emoji: string, at: Date): void;
  pin(actorId: bigint, seq: number, at: Date): void;
  delete(actorId: bigint, seqs: readonly number[], at: Date): void;
  add(actorId: bigint, userId: bigint, at: Date): void;
  remove(actorId: bigint, userId: bigint, at: Date): void;
  close(actorId: bigint, at: Date): void;
  /** Moves the read position forward; by default to the head. */
  read(userId: bigint, upToSeq?: number): void;
}

/** Call its methods in order of time. They throw if the server would have refused. */
export const createChatHistory = (start: HistoryStart): ChatHistory => {
  const events: PastEvent[] = [];
  const messages: PastMessage[] = [];
  const bySeq = new Map<number, PastMessage>();
  const notifications: PastNotification[] = [];
  const members = new Map<bigint, PastMember>();
  let closedAt: Date | null = null;

  const append = (event: Partial<PastEvent> & Pick<PastEvent, 'type' | 'at' | 'actorId'>): number => {
    const last = events.at(-1);
    if (last !== undefined && event.at < last.at) throw new Error('History goes forward only');
    events.push({ userId: null, messageSeqs: [], emoji: null, ...event });
    return events.length - 1;
  };

  /** As `notify` of `domain/user-bell.ts`. */
  const notify = (told: Omit<PastNotification, 'readAt'>) => {
    if (told.userId !== told.actorId) notifications.push({ ...told, readAt: null });
  };

  const memberOf = (userId: bigint): PastMember => {
    const member = members.get(userId);
    if (member === undefined) throw new Error(`User ${userId} is no member`);
    return member;
  };

  const join = (userId: bigint, at: Date, seq: number) => {
    if (members.has(userId)) throw new Error(`User ${userId} is a member already`);
    const readCount = messages.length;
    members.set(userId, {
      userId,
      joinedAt: at,
      lastReadSeq: seq,
      readCount,
      sentCount: 0,
      readSentCount: 0,
      setAsideSeq: seq,
    });
  };

  const messageAt = (seq: number): PastMessage => {
    const message = bySeq.get(seq);
    if (message === undefined || message.deletedAt !== null) throw new Error(`There is no message ${seq}`);
    return message;
  };

  const mustBeOpen = () => {
    if (closedAt !== null) throw new Error('The chat is closed');
  };

  append({ type: 'CHAT_CREATED', at: start.at, actorId: start.makerId });
  for (const userId of start.memberIds) {
    join(userId, start.at, 0);
    notify({ userId, kind: NOTIFIED_OF[start.kind], actorId: start.makerId, at: start.at });
  }

  return {
    start,
    events,
    messages,
    notifications,
    get closedAt() {
      return closedAt;
    },
    members: () => [...members.values()],

    send: (senderId, text, at, { replyToSeq = null, mentionIds = [] } = {}) => {
      mustBeOpen();
      if (replyToSeq !== null) messageAt(replyToSeq);
      mentionIds.forEach(memberOf);
      memberOf(senderId).sentCount += 1;
      const seq = append({ type: 'MESSAGE_SENT', at, actorId: senderId });
      const message: PastMessage = {
        seq,
        ordinal: messages.length + 1,
        senderId,
        text,
        firstText: text,
        createdAt: at,
        editedAt: null,
        deletedAt: null,
        changedSeq: seq,
        replyToSeq,
        mentionIds,
        reactions: [],
        pinnedAt: null,
      };
      messages.push(message);
      bySeq.set(seq, message);
      return seq;
    },

    edit: (seq, text, at) => {
      mustBeOpen();
      const message = messageAt(seq);
      memberOf(message.senderId);
      message.changedSeq = append({ type: 'MESSAGE_EDITED', at, actorId: message.senderId, messageSeqs: [seq] });
      message.text = text;
      message.editedAt = at;
    },

    react: (userId, seq, emoji, at) => {
      mustBeOpen();
      memberOf(userId);
      const message = messageAt(seq);
      message.changedSeq = append({ type: 'REACTION_ADDED', at, actorId: userId, messageSeqs: [seq], emoji });
      message.reactions.push({ userId, emoji, seq: message.changedSeq });
    },

    pin: (actorId, seq, at) => {
      mustBeOpen();
      const message = messageAt(seq);
      message.changedSeq = append({ type: 'MESSAGE_PINNED', at, actorId, messageSeqs: [seq] });
      message.pinnedAt = at;
    },

    delete: (actorId, seqs, at) => {
      const gone = seqs.map(messageAt);
      const changedSeq = append({
        type: 'MESSAGES_DELETED',
        at,
        actorId,
        messageSeqs: [...seqs].sort((a, b) => a - b),
      });
      for (const message of gone) Object.assign(message, { text: null, deletedAt: at, changedSeq });
    },

    add: (actorId, userId, at) => {
      mustBeOpen();
      join(userId, at, append({ type: 'MEMBER_ADDED', at, actorId, userId }));
      notify({ userId, kind: 'CHAT_ADDED', actorId, at });
    },

    remove: (actorId, userId, at) => {
      memberOf(userId);
      members.delete(userId);
      append({ type: 'MEMBER_REMOVED', at, actorId, userId });
      notify({ userId, kind: 'CHAT_REMOVED', actorId, at });
    },

    close: (actorId, at) => {
      mustBeOpen();
      append({ type: 'CHAT_UPDATED', at, actorId });
      closedAt = at;
    },

    read: (userId, upToSeq = events.length - 1) => {
      const member = memberOf(userId);
      if (upToSeq >= events.length) throw new Error(`There is no event ${upToSeq}`);
      if (upToSeq <= member.lastReadSeq) return;
      // A member who reads the chat has seen that they were added to it.
      for (const told of notifications) if (told.userId === userId) told.readAt ??= events[upToSeq]!.at;
      if (upToSeq === events.length - 1) {
        member.readCount = messages.length;
        member.readSentCount = member.sentCount;
      } else {
        const from = member.readCount;
        const read = messages.slice(from, messagesUpTo(messages, upToSeq));
        member.readCount = from + read.length;
        member.readSentCount += read.filter((message) => message.senderId === userId).length;
      }
      member.lastReadSeq = upToSeq;
    },
  };
};

/** The number of messages with a `seq` of at most `seq`. */
const messagesUpTo = (messages: readonly PastMessage[], seq: number): number => {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle]!.seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
};
