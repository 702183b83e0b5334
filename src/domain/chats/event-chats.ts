/**
 * The chats that events and messages refer to. A viewer who gets an event may no longer see its chat (the event of their own
 * removal does refer to it): they then get a bare chat, without any of its current contents.
 */
import type { ChatRow } from '../../log/event.js';
import type { SeenChats } from '../rules/seen-chats.js';
import type { Viewer } from '../viewer.js';

export interface EventChats {
  /** One statement for all who ask at once, which checks visibility at the time it runs. @throws an Error if the chat is gone */
  read(viewer: Viewer, chatId: bigint): Promise<ChatRow>;
}

export const createEventChats = (seenChats: SeenChats): EventChats => ({
  read: async (viewer, chatId) => {
    const seen = await seenChats.read(viewer, chatId);
    if (seen === null) throw new Error('The chat is gone');
    return seen.isSeen ? seen.chat : bare(seen.chat);
  },
});

/** The chat's immutable fields; everything else as in a new chat. */
export const bare = ({ id, kind, createdAt }: ChatRow): ChatRow => ({
  id,
  kind,
  createdAt,
  name: null,
  slug: null,
  orderRef: null,
  access: 'CLOSED',
  activityAt: createdAt,
  closedAt: null,
  headSeq: 0,
  headMark: 0,
  messageCount: 0,
  hasBusiness: false,
  isBlocked: false,
});
