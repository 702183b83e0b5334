/**
 * Who is typing, as one subscriber was told: their message or their removal ends it without an event. Tracked here and
 * not on the node that they typed on, which may be another one; and sending without typing costs nothing.
 */
import type { LogEvent } from '../../log/event.js';
import type { StreamItem } from './stream-item.js';

type TypingItem = Extract<StreamItem, { kind: 'typing' }>;

export interface Typists {
  /** The next item to deliver; `shift` takes the next waiting one. */
  take(shift: () => StreamItem | undefined): StreamItem | undefined;
  /** For a chat that is no longer followed. */
  forget(chatId: bigint): void;
}

export const createTypists = (): Typists => {
  /** Bounded by the members of chats that are small enough for typing to be broadcast. */
  const chats = new Map<bigint, Map<bigint, TypingItem>>();
  let due: TypingItem | null = null;

  const begin = (item: TypingItem) => {
    const typists = chats.get(item.chatId) ?? new Map<bigint, TypingItem>();
    chats.set(item.chatId, typists.set(item.user.id, item));
  };

  const end = (chatId: bigint, userId: bigint): boolean => {
    const typists = chats.get(chatId);
    const wasTyping = typists?.delete(userId) === true;
    if (typists?.size === 0) chats.delete(chatId);
    return wasTyping;
  };

  const endWith = (event: LogEvent) => {
    const userId = endedBy(event);
    const item = userId === null ? undefined : chats.get(event.chatId)?.get(userId);
    // They typed again after this message, which came late, for example because the log had to be read for it.
    if (item === undefined || event.seq <= item.headSeq) return;
    end(event.chatId, userId!);
    due = { ...item, isTyping: false, expiresAt: null };
  };

  return {
    take: (shift) => {
      if (due !== null) {
        const item = due;
        due = null;
        return item;
      }
      for (;;) {
        const item = shift();
        if (item?.kind === 'event' && chats.size > 0) endWith(item.event);
        if (item?.kind !== 'typing') return item;
        if (item.isTyping) begin(item);
        // Nobody was told that this user types.
        else if (!end(item.chatId, item.user.id)) continue;
        return item;
      }
    },
    forget: (chatId) => void chats.delete(chatId),
  };
};

const endedBy = (event: LogEvent): bigint | null => {
  if (event.type === 'MESSAGE_SENT') return event.actorId;
  return event.type === 'MEMBER_REMOVED' ? event.userId : null;
};
