import { createConnection } from '@parley-chat/client/connection';
import { followChat } from '@parley-chat/client/follow';
import { createMessages, type ListedMessage } from '@parley-chat/client/messages';
import { untilAnswered } from '@parley-chat/client/send';
import type { Client } from 'graphql-ws';

export const connect = (url: string, accessToken: () => Promise<string>) => createConnection({ url, accessToken });

const ask = <Data>(client: Client, query: string, variables: Record<string, unknown>) =>
  new Promise<Data>((resolve, reject) => {
    client.subscribe<Data>(
      { query, variables },
      {
        next: ({ data, errors }) =>
          errors ? reject(Object.assign(new Error(errors[0]?.message), { errors })) : resolve(data!),
        error: reject,
        complete: () => reject(new Error('The server gave no answer')),
      },
    );
  });

const SEND = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on SendMessageSuccess { message { id seq text isDeleted editedAt } }
    ... on Error { reason }
  }
}`;

/** `clientMessageId`: crypto.randomUUID(), made once for each message and kept with it until it is answered. */
export const send = (client: Client, chatId: string, text: string, clientMessageId: string) =>
  untilAnswered(() => ask(client, SEND, { input: { chatId, text, clientMessageId } }));

const CHAT = `query ($chatId: ID!) {
  chat(id: $chatId) { cursor messages(last: 50) { nodes { id seq text isDeleted editedAt } } }
}`;

const EVENTS = `subscription ($chatId: ID!, $after: Cursor) {
  chatEvents(chatId: $chatId, after: $after) {
    __typename
    ... on DurableEvent { chatId seq cursor }
    ... on MessageSent { message { id seq text isDeleted editedAt } }
    ... on MessageEdited { message { id seq text isDeleted editedAt } }
    ... on MessagesDeleted { messages { id seq text isDeleted editedAt } }
    ... on ChatReady { chatId cursor unreadCount }
    ... on ResyncRequired { chatId reason }
    ... on SubscriptionEnded { code reason }
  }
}`;

interface Message extends ListedMessage {
  text: string | null;
}

interface ChatEvent {
  __typename: string;
  message?: Message;
  messages?: Message[];
}

/** Shows a chat, and goes on showing it. */
export const open = async (client: Client, chatId: string, show: (messages: readonly Message[]) => void) => {
  const messages = createMessages<Message>();
  const query = async () => {
    const { chat } = await untilAnswered(() =>
      ask<{ chat: { cursor: string; messages: { nodes: Message[] } } }>(client, CHAT, { chatId }),
    );
    messages.put(chat.messages.nodes);
    show(messages.list());
    return chat.cursor;
  };
  return followChat<ChatEvent>({
    client,
    query: EVENTS,
    chatId,
    after: await query(),
    onEvent: ({ __typename: type, message, messages: deleted }) => {
      if (type === 'ResyncRequired') {
        messages.reset();
        query().catch((error: unknown) => console.log('May not be read any more', error));
      } else {
        messages.put(message ? [message] : (deleted ?? []));
        show(messages.list());
      }
    },
    onEnded: (code, reason) => console.log(`Not followed any more: ${code}, ${reason}`),
  });
};
