// Follows the chat in which something was last said: npx tsx examples/follow.ts http://127.0.0.1:4000 maria PASSWORD
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { FollowDocument, LogInDocument, NewestChatDocument, type FollowSubscription } from './operations.js';

const [url = 'http://127.0.0.1:4000', username = 'maria', password = ''] = process.argv.slice(2);

const ask = async <Result, Variables>(
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
  authorization = '',
): Promise<Result> => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result; errors?: { message: string }[] };
  if (!data) throw new Error(errors?.[0]?.message);
  return data;
};

/** Errors that can happen are types of the union, so the compiler asks for them. */
const signIn = async (): Promise<string> => {
  const { logIn } = await ask(LogInDocument, { username, password });
  if (logIn?.__typename !== 'LogInSuccess') throw new Error(logIn?.reason);
  return `Bearer ${logIn.session.accessToken}`;
};

const { chats } = await ask(NewestChatDocument, {}, await signIn());
const chat = chats?.nodes[0];
if (!chat) throw new Error(`${username} is in no chat`);
for (const { text, sender } of chat.messages.nodes) console.log(`${sender.username}: ${text}`);

// After each loss of its socket the client sends this very object again. So `after` is kept at the last cursor, and
// what was said meanwhile comes first: nothing missing, nothing doubled.
const variables = { chatId: chat.id, after: chat.cursor };

const client = createClient({
  url: `${url.replace(/^http/, 'ws')}/graphql`,
  webSocketImpl: WebSocket,
  connectionParams: async () => ({ authorization: await signIn() }),
  retryAttempts: Infinity,
  shouldRetry: () => true,
});

client.subscribe<FollowSubscription>(
  { query: print(FollowDocument), variables },
  {
    next: ({ data }) => {
      const event = data?.chatEvents;
      if (!event) return;
      if ('cursor' in event) variables.after = event.cursor;
      if (event.__typename === 'MessageSent') console.log(`${event.message.sender.username}: ${event.message.text}`);
      if (event.__typename === 'ResyncRequired') console.log(`Read the chat again: ${event.reason}`);
      if (event.__typename === 'SubscriptionEnded') console.log(`(${event.reason})`);
    },
    error: (error) => console.error(error),
    complete: () => void client.dispose(),
  },
);
