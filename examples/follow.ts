// Follows the chat in which something was last said: npx tsx examples/follow.ts http://127.0.0.1:4000 maria PASSWORD
import { createConnection } from '@parley-chat/client/connection';
import { followChat } from '@parley-chat/client/follow';
import { createSession } from '@parley-chat/client/session';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { WebSocket } from 'ws';
import { FollowDocument, NewestChatDocument, type FollowSubscription } from './operations.js';

const [url = 'http://127.0.0.1:4000', username = 'maria', password = ''] = process.argv.slice(2);

// The password is asked for once: from then on the session is refreshed.
const session = createSession({ url: `${url}/graphql`, onSignedOut: (reason) => console.log(`(${reason})`) });
await session.signIn(username, password);

/** One operation over HTTP; the result has the types of the document. */
const ask = async <Result, Variables>(
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result> => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await session.accessToken()}` },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result; errors?: { message: string }[] };
  if (!data) throw new Error(errors?.[0]?.message);
  return data;
};

const { chats } = await ask(NewestChatDocument, {});
const chat = chats?.nodes[0];
if (!chat) throw new Error(`${username} is in no chat`);
for (const { text, sender } of chat.messages.nodes) console.log(`${sender.username}: ${text}`);

// Comes back after every loss, and shows the server the next token before the present one ends.
const client = createConnection({
  url: `${url.replace(/^http/, 'ws')}/graphql`,
  accessToken: session.accessToken,
  webSocketImpl: WebSocket,
  onRefused: session.signOut,
});

// From the cursor that came with the chat, and after each loss from the last one: nothing missing, nothing doubled.
followChat<FollowSubscription['chatEvents']>({
  client,
  query: print(FollowDocument),
  chatId: chat.id,
  after: chat.cursor,
  onEvent: (event) => {
    if (event.__typename === 'MessageSent') console.log(`${event.message.sender.username}: ${event.message.text}`);
    if (event.__typename === 'ResyncRequired') console.log(`Read the chat again: ${event.reason}`);
  },
  onEnded: (_code, reason) => {
    console.log(`(${reason})`);
    void client.dispose();
  },
});
