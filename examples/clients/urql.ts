import introspection from '@parley-chat/client/introspection.json' with { type: 'json' };
import { untilAnswered } from '@parley-chat/client/send';
import { followFrom, forwardSubscription, keys, resolvers, updates } from '@parley-chat/client/urql';
import { Client as UrqlClient, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import type { Client } from 'graphql-ws';

/** Everything over one socket. With `fetchExchange`, and without `enableAllOperations`, queries and mutations go over HTTP. */
export const createUrql = (client: Client) =>
  new UrqlClient({
    url: 'everything goes over the socket',
    preferGetMethod: false,
    exchanges: [
      cacheExchange({ schema: introspection, keys, resolvers, updates }),
      subscriptionExchange({ enableAllOperations: true, forwardSubscription: forwardSubscription(client) }),
    ],
  });

const EVENTS = `subscription Events {
  events {
    __typename
    ... on DurableEvent { chat { id activityAt unreadCount } }
    ... on MessageSent { message { id seq text } }
    ... on SubscriptionEnded { code }
  }
}`;

/** @param chats as they were queried: `chats { nodes { id cursor … } }` */
export const follow = (urql: UrqlClient, chats: { id: string; cursor: string }[]) =>
  urql.subscription<{ events: { __typename: string } }>(EVENTS, {}, followFrom(chats));

const SEND = `mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on SendMessageSuccess { message { id seq text } }
    ... on Error { reason }
  }
}`;

export const send = (urql: UrqlClient, chatId: string, text: string, clientMessageId: string) =>
  untilAnswered(async () => {
    const { data, error } = await urql.mutation<unknown>(SEND, { input: { chatId, text, clientMessageId } });
    if (error) throw error;
    return data;
  });
