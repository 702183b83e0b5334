import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { createFollowLink, followFrom, putMessage, typePolicies } from '@parley-chat/client/apollo';
import possibleTypes from '@parley-chat/client/possibleTypes.json' with { type: 'json' };
import { untilAnswered } from '@parley-chat/client/send';
import type { Client } from 'graphql-ws';

/** Everything over one socket. With `ApolloLink.split` queries and mutations may go over HTTP as well. */
export const createApollo = (client: Client) =>
  new ApolloClient({
    link: createFollowLink(client),
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
  });

const EVENTS = gql`
  subscription Events {
    events {
      __typename
      ... on DurableEvent {
        chat {
          id
          activityAt
          unreadCount
        }
      }
      ... on MessageSent {
        message {
          id
          seq
          text
        }
      }
      ... on SubscriptionEnded {
        code
      }
    }
  }
`;

/** @param chats as they were queried: `chats { nodes { id cursor … } }` */
export const follow = (apollo: ApolloClient, chats: { id: string; cursor: string }[]) =>
  apollo.subscribe<{ events: { __typename: string } }>({ query: EVENTS, context: followFrom(chats) });

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

interface Sent {
  sendMessage: { message?: { id: string }; reason?: string } | null;
}

export const send = (apollo: ApolloClient, chatId: string, text: string, clientMessageId: string) =>
  untilAnswered(() =>
    apollo.mutate<Sent>({
      mutation: SEND,
      variables: { input: { chatId, text, clientMessageId } },
      update: (cache, { data }) => {
        if (data?.sendMessage?.message) putMessage(cache, chatId, data.sendMessage.message);
      },
    }),
  );
