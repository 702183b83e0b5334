/** What a viewer's notification list has of each chat, as far as it was delivered, so that changes to it can be delivered. */
import type { NotificationRow } from './notification-row.js';

/** The state of NEW_MESSAGE in one of the viewer's chats. */
export interface StandingNews {
  chatId: bigint;
  headSeq: number;
  /** The seq of the message, and of the event that last changed it; null if there is no message. */
  messageSeq: number | null;
  changedSeq: number | null;
  unreadCount: number;
  mentionCount: number;
  /** Whether the message is new to the viewer. */
  isNew: boolean;
}

export type NotificationChange =
  /** `isNew`: new to the viewer, who was told of no message as new as this. */
  | { kind: 'added' | 'changed'; notification: NotificationRow; isNew: boolean }
  | { kind: 'removed'; notification: NotificationRow };

export interface ToldNews {
  /** The state that the viewer starts with. If it is not certain that their list has it, it is delivered once more. */
  begin(news: StandingNews, isSure: boolean): void;
  /**
   * @param isDoubtful whether the state may have changed back and forth meanwhile, and a list read at that time may have the other one
   * @returns null if the list has this state already
   */
  tell(notification: NotificationRow, isDoubtful: boolean): NotificationChange | null;
  /** For a chat that the viewer left. */
  forget(chatId: bigint): void;
}

interface Told {
  /** The state in the list; null if it is not in the list. */
  entry: string | null;
  /** No message up to this seq is new to the viewer. */
  newestSeq: number;
  /** How many unread messages mention the viewer, as far as they know. */
  mentionCount: number;
}

export const createToldNews = (): ToldNews => {
  const chats = new Map<bigint, Told>();

  return {
    begin: (news, isSure) => {
      const newestSeq = news.isNew ? news.messageSeq! - 1 : news.headSeq;
      chats.set(news.chatId, { entry: isSure ? entryOf(news) : null, newestSeq, mentionCount: news.mentionCount });
    },
    tell: (notification, isDoubtful) => {
      const chatId = notification.chatId!;
      const { message, unreadCount, mentionCount } = notification;
      const told = chats.get(chatId) ?? { entry: null, newestSeq: 0, mentionCount: 0 };
      const messageSeq = message?.seq ?? null;
      const entry = entryOf({ messageSeq, changedSeq: message?.changedSeq ?? null, unreadCount, mentionCount });
      if (entry === told.entry && !isDoubtful) return null;
      chats.set(chatId, { entry, newestSeq: Math.max(told.newestSeq, messageSeq ?? 0), mentionCount });
      if (messageSeq === null) return { kind: 'removed', notification };
      return {
        kind: told.entry === null ? 'added' : 'changed',
        notification,
        // An edit may mention somebody for the first time.
        isNew: messageSeq > told.newestSeq || mentionCount > told.mentionCount,
      };
    },
    forget: (chatId) => void chats.delete(chatId),
  };
};

type Entry = Pick<StandingNews, 'messageSeq' | 'changedSeq' | 'unreadCount' | 'mentionCount'>;

const entryOf = ({ messageSeq, changedSeq, unreadCount, mentionCount }: Entry): string | null =>
  messageSeq === null ? null : `${messageSeq}:${changedSeq}:${unreadCount}:${mentionCount}`;
