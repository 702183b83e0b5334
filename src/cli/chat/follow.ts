/** Follows one chat: durable events go into the conversation, all events to the listener. */
import { print } from 'graphql';
import { followChat as followEvents } from '@parley-chat/client/follow';
import type { Connection } from './connection.js';
import type { Conversation } from './conversation.js';
import { ChatEventsDocument, OpenChatDocument, type ChatEventsSubscription } from './operations.js';

export type ChatEvent = ChatEventsSubscription['chatEvents'];

export interface Following {
  /** The cursor before which older messages are; null if there are none. */
  olderCursor: string | null;
  stop(): void;
}

export interface FollowListener {
  /** Called after the conversation has applied the event. */
  onEvent(event: ChatEvent): void;
  /** The subscription is over for good: the viewer was removed, opened the chat elsewhere, or it is gone. */
  onEnded(reason: string): void;
}

/** @returns null if the viewer cannot see such a chat */
export const followChat = async (
  connection: Connection,
  chatId: string,
  conversation: Conversation,
  { onEvent, onEnded }: FollowListener,
): Promise<Following | null> => {
  const readHistory = async (): Promise<string | null> => {
    const { chat } = await connection.run(OpenChatDocument, { id: chatId });
    if (!chat) return null;
    conversation.put(chat.messages.nodes);
    following.olderCursor = chat.messages.pageInfo.hasPreviousPage
      ? (chat.messages.pageInfo.startCursor ?? null)
      : null;
    return chat.cursor;
  };

  const take = (event: ChatEvent) => {
    switch (event.__typename) {
      case 'MessageSent':
      case 'MessageEdited':
      case 'ReactionAdded':
      case 'ReactionRemoved':
      case 'MessagePinned':
      case 'MessageUnpinned':
        conversation.put([event.message]);
        break;
      case 'MessagesDeleted':
        conversation.put(event.messages);
        break;
      case 'ResyncRequired':
        // The log cannot be resumed: read the history again, while live events continue.
        conversation.reset();
        void readHistory().then(
          () => onEvent(event),
          () => {},
        );
        return;
      default:
        break; // fleeting, or about the chat rather than its messages: only for the listener
    }
    onEvent(event);
  };

  const following: Following = {
    olderCursor: null,
    stop: () => followed?.stop(),
  };
  let followed: { stop(): void } | null = null;
  const after = await readHistory();
  if (after === null) return null;
  followed = followEvents<ChatEvent>({
    client: connection.client,
    query: print(ChatEventsDocument),
    chatId,
    after,
    onEvent: take,
    onEnded: (_code, reason) => onEnded(reason),
  });
  return following;
};
