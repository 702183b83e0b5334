import { Client as UrqlClient, subscriptionExchange } from '@urql/core';
import type { Client } from 'graphql-ws';
import { untilAnswered } from '../../src/client/send.js';

/** Queries and mutations by urql; following past it, over the same client. */
export const createUrql = (client: Client) =>
  new UrqlClient({
    url: 'everything goes over the socket',
    preferGetMethod: false,
    exchanges: [
      subscriptionExchange({
        enableAllOperations: true,
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: client.subscribe({ query, variables: variables as Record<string, unknown> }, sink as never),
          }),
        }),
      }),
    ],
  });

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
