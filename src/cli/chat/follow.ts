/** Follows one chat: what the log says goes into the conversation, what is fleeting to the listener. */
import { print } from 'graphql';
import { followChat as followEvents } from '@parley-chat/client/follow';
import type { Connection } from './connection.js';
import type { Conversation } from './conversation.js';
import { ChatEventsDocument, OpenChatDocument, type ChatEventsSubscription } from './operations.js';

export type ChatEvent = ChatEventsSubscription['chatEvents'];

export interface Following {
  /** Where older messages begin; null where there are none. */
  olderCursor: string | null;
  stop(): void;
}

export interface FollowListener {
  /** After the conversation has taken it. */
  onEvent(event: ChatEvent): void;
  /** It will not go on: removed, opened elsewhere, gone. */
  onEnded(reason: string): void;
}

/** @returns null where there is no such chat for this viewer */
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
        conversation.put([event.message]);
        break;
      case 'MessagesDeleted':
        conversation.put(event.messages);
        break;
      case 'ResyncRequired':
        // Not to be continued: it is read anew, while live events go on.
        conversation.reset();
        void readHistory().then(
          () => onEvent(event),
          () => {},
        );
        return;
      default:
        break; // fleeting, or of the chat rather than its messages: the listener's
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
