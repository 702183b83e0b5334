/** Follows one chat: what the log says goes into the conversation, what is fleeting to the listener. */
import type { Connection } from './connection.js';
import type { Conversation } from './conversation.js';
import { ChatEventsDocument, OpenChatDocument, type ChatEventsSubscription } from './operations.js';
import { messageOf } from './sender.js';

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
  /** Which subscription counts; none once it is over. */
  let generation = 0;
  let stop = () => {};

  const readHistory = async (): Promise<string | null> => {
    const { chat } = await connection.run(OpenChatDocument, { id: chatId });
    if (!chat) return null;
    conversation.put(chat.messages.nodes);
    following.olderCursor = chat.messages.pageInfo.hasPreviousPage
      ? (chat.messages.pageInfo.startCursor ?? null)
      : null;
    return chat.cursor;
  };

  const subscribe = (after: string | null) => {
    // graphql-ws sends this very object again after each loss of the socket: `after` is kept at the last cursor.
    const variables = { chatId, after };
    const own = (generation += 1);
    stop = connection.follow(
      ChatEventsDocument,
      variables,
      ({ chatEvents: event }) => {
        if (own !== generation) return;
        if ('cursor' in event) variables.after = event.cursor;
        take(event);
      },
      (error) => {
        if (own === generation) end(error === undefined ? 'The chat is no longer followed' : messageOf(error));
      },
    );
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
      case 'SubscriptionEnded':
        return takeEnd(event);
      default:
        break; // fleeting, or of the chat rather than its messages: the listener's
    }
    onEvent(event);
  };

  const takeEnd = ({ code, reason }: Extract<ChatEvent, { __typename: 'SubscriptionEnded' }>) => {
    // From these two the socket comes back by itself, with the last cursor.
    if (code === 'SHUTTING_DOWN' || code === 'SIGNED_OUT') return;
    if (code === 'TOO_SLOW') void followAnew();
    else end(reason);
  };

  const end = (reason: string) => {
    generation += 1;
    onEnded(reason);
  };

  const followAnew = async () => {
    const own = (generation += 1);
    conversation.reset();
    const cursor = await readHistory();
    if (cursor !== null && own === generation) subscribe(cursor);
  };

  const following: Following = {
    olderCursor: null,
    stop: () => {
      generation += 1;
      stop();
    },
  };
  const cursor = await readHistory();
  if (cursor === null) return null;
  subscribe(cursor);
  return following;
};
