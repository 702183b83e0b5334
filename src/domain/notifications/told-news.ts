/** What the list of a viewer's notifications has of each chat as far as it was told, so that what changed in it can be told. */
import type { NotificationRow } from './notification-row.js';

/** How NEW_MESSAGE stands in one of the viewer's chats. */
export interface StandingNews {
  chatId: bigint;
  headSeq: number;
  /** Of the message, and of what changed it last; null where there is none. */
  messageSeq: number | null;
  changedSeq: number | null;
  unreadCount: number;
  /** Whether the message is new to the viewer. */
  isNew: boolean;
}

export type NotificationChange =
  /** `isNew`: to the viewer, who was told of nothing as new as that. */
  | { kind: 'added' | 'changed'; notification: NotificationRow; isNew: boolean }
  | { kind: 'removed'; notification: NotificationRow };

export interface ToldNews {
  /** What the viewer has. Where it is not sure that their list has it, it is told once more. */
  begin(news: StandingNews, isSure: boolean): void;
  /**
   * @param isDoubtful whether it may have stood otherwise meanwhile, which a list that was read then may have
   * @returns null where the list has it
   */
  tell(notification: NotificationRow, isDoubtful: boolean): NotificationChange | null;
  /** Of a chat that was left. */
  forget(chatId: bigint): void;
}

interface Told {
  /** As it is in the list; null where it is not. */
  entry: string | null;
  /** Nothing up to here is new to the viewer. */
  newestSeq: number;
}

export const createToldNews = (): ToldNews => {
  const chats = new Map<bigint, Told>();

  return {
    begin: (news, isSure) => {
      const newestSeq = news.isNew ? news.messageSeq! - 1 : news.headSeq;
      chats.set(news.chatId, { entry: isSure ? entryOf(news) : null, newestSeq });
    },
    tell: (notification, isDoubtful) => {
      const chatId = notification.chatId!;
      const { message, unreadCount } = notification;
      const told = chats.get(chatId) ?? { entry: null, newestSeq: 0 };
      const messageSeq = message?.seq ?? null;
      const entry = entryOf({ messageSeq, changedSeq: message?.changedSeq ?? null, unreadCount });
      if (entry === told.entry && !isDoubtful) return null;
      chats.set(chatId, { entry, newestSeq: Math.max(told.newestSeq, messageSeq ?? 0) });
      if (messageSeq === null) return { kind: 'removed', notification };
      return {
        kind: told.entry === null ? 'added' : 'changed',
        notification,
        isNew: messageSeq > told.newestSeq,
      };
    },
    forget: (chatId) => void chats.delete(chatId),
  };
};

type Entry = Pick<StandingNews, 'messageSeq' | 'changedSeq' | 'unreadCount'>;

const entryOf = ({ messageSeq, changedSeq, unreadCount }: Entry): string | null =>
  messageSeq === null ? null : `${messageSeq}:${changedSeq}:${unreadCount}`;
