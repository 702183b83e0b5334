import { ApolloClient, gql, InMemoryCache } from '@apollo/client/core';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import type { Client } from 'graphql-ws';
import { untilAnswered } from '../../src/client/send.js';
import possibleTypes from '../../possibleTypes.json' with { type: 'json' };

/** Queries and mutations by Apollo; following past it, over the same client, with its results written into the cache. */
export const createApollo = (client: Client) =>
  new ApolloClient({ link: new GraphQLWsLink(client), cache: new InMemoryCache({ possibleTypes }) });

const SEND = gql`
  mutation Send($input: SendMessageInput!) {
    sendMessage(input: $input) {
      __typename
      ... on SendMessageSuccess {
        message {
          id
          seq
          text
        }
      }
      ... on Error {
        reason
      }
    }
  }
`;

export const send = (apollo: ApolloClient, chatId: string, text: string, clientMessageId: string) =>
  untilAnswered(() => apollo.mutate({ mutation: SEND, variables: { input: { chatId, text, clientMessageId } } }));

/** What `onEvent` of `followChat` does with a message: whoever shows it is told by the cache. */
export const write = ({ cache }: ApolloClient, message: { id: string; seq: number; text: string | null }) =>
  cache.writeFragment({
    id: cache.identify({ __typename: 'Message', id: message.id }),
    fragment: gql`
      fragment Followed on Message {
        id
        seq
        text
      }
    `,
    data: { __typename: 'Message', ...message },
  });
