/** Apollo and urql as apps use them: a list of chats and one chat on the screen, kept right by one subscription. */
import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { createFollowLink, followFrom as followApolloFrom, typePolicies } from '@parley-chat/client/apollo';
import { followFrom, forwardSubscription, keys, resolvers, updates } from '@parley-chat/client/urql';
import { Client as UrqlClient, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import type { Client } from 'graphql-ws';
import introspection from '@parley-chat/client/introspection.json' with { type: 'json' };
import possibleTypes from '@parley-chat/client/possibleTypes.json' with { type: 'json' };

export interface ScreenMessage {
  id: string;
  seq: number;
  text: string | null;
  isDeleted: boolean;
  sender: { id: string; username: string };
}

export interface ScreenChat {
  id: string;
  cursor: string;
  name: string | null;
  unreadCount: number;
  lastMessage: { text: string | null } | null;
}

export interface Screen {
  /** As it is shown now; null before there is an answer. */
  chats(): readonly ScreenChat[] | null;
  messages(): readonly ScreenMessage[] | null;
  /** How far each member of the shown chat has read. */
  read(): readonly number[] | undefined;
  /** The roles in the shown chat, and whether the viewer may rename it. */
  group(): { roles: string[]; canRename: boolean } | undefined;
  /** The page before those that are shown. */
  older(): Promise<unknown>;
  /** Shows a chat, by `edges` or `nodes`. */
  show(chatId: string, by: Selection): void;
  /** @param from unless from the cursors of the chats as they were listed */
  follow(root: Root, chatId: string, from?: readonly { id: string; cursor: string }[]): { stop(): void };
  readonly events: readonly { __typename: string; seq?: number }[];
  readonly warnings: readonly string[];
}

export type Selection = 'edges' | 'nodes';
export type Root = 'events' | 'chatEvents';

const MESSAGE = 'id seq text isDeleted editedAt sender { id username }';
const CHAT = `id kind name cursor activityAt unreadCount settings { isPinned isArchived } lastMessage { ${MESSAGE} }`;
const PAGE_INFO = 'pageInfo { startCursor endCursor hasPreviousPage hasNextPage }';

const CHATS = gql(
  `query Chats($kind: ChatKind, $search: String) { chats(first: 20, kind: $kind, search: $search) { nodes { ${CHAT} } ${PAGE_INFO} } }`,
);

const history = (by: Selection) =>
  gql(`query History($chatId: ID!, $before: String) {
    chat(id: $chatId) {
      id
      permissions { canRename }
      members(first: 10) { nodes { id lastReadSeq role user { id username } } }
      messages(last: 5, before: $before) {
        ${by === 'nodes' ? `nodes { ${MESSAGE} }` : `edges { cursor node { ${MESSAGE} } }`} ${PAGE_INFO}
      }
    }
  }`);

const event = (deleted: string) => `
  __typename
  ... on DurableEvent { seq chat { ${CHAT} } }
  ... on MessageSent { message { ${MESSAGE} } }
  ... on MessageEdited { message { ${MESSAGE} } }
  ... on MessagesDeleted { ${deleted} }
  ... on MemberUpdated { member { id role } }
  ... on MessagesRead { lastReadSeq user { id } chat { ${CHAT} } }
  ... on ChatSettingsChanged { chat { ${CHAT} } }
  ... on ChatReady { chat { ${CHAT} } }
  ... on SubscriptionEnded { code }`;

const subscriptions = {
  events: gql(`subscription { events { ${event(`messages { ${MESSAGE} }`)} ... on ChatAdded { chat { ${CHAT} } } } }`),
  // Deleted messages by their IDs alone.
  chatEvents: gql(`subscription ($chatId: ID!) { chatEvents(chatId: $chatId) { ${event('messageIds')} } }`),
};

interface Page {
  nodes?: ScreenMessage[];
  edges?: { node: ScreenMessage }[];
  pageInfo: { startCursor: string | null };
}
interface HistoryData {
  chat: {
    messages: Page;
    permissions: { canRename: boolean };
    members: { nodes: { lastReadSeq: number; role: string }[] };
  } | null;
}
interface ChatsVariables {
  kind?: 'GROUP' | null;
  search?: string;
}
interface ChatsData {
  chats: { nodes: ScreenChat[] } | null;
}
type EventsData = Record<string, { __typename: string; seq?: number }>;

const messagesIn = (data: HistoryData | undefined) => {
  const page = data?.chat?.messages;
  return page ? (page.nodes ?? page.edges!.map(({ node }) => node)) : null;
};

const groupIn = (data: HistoryData | undefined) =>
  data?.chat && {
    roles: data.chat.members.nodes.map(({ role }) => role),
    canRename: data.chat.permissions.canRename,
  };

const openApollo = (connection: Client, chats: ChatsVariables = {}): Screen => {
  const client = new ApolloClient({
    link: createFollowLink(connection),
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
  });
  const events: { __typename: string; seq?: number }[] = [];
  let shown: HistoryData | undefined;
  let listed: ChatsData | undefined;
  let older: Screen['older'] = () => Promise.resolve();
  client
    .watchQuery<ChatsData>({ query: CHATS, variables: chats })
    .subscribe(({ data }) => (listed = data as ChatsData | undefined));
  return {
    events,
    warnings: [],
    chats: () => listed?.chats?.nodes ?? null,
    messages: () => messagesIn(shown),
    read: () => shown?.chat?.members.nodes.map(({ lastReadSeq }) => lastReadSeq),
    group: () => groupIn(shown) ?? undefined,
    older: () => older(),
    show: (chatId, by) => {
      const watched = client.watchQuery<HistoryData>({ query: history(by), variables: { chatId } });
      watched.subscribe(({ data }) => (shown = data as HistoryData | undefined));
      older = () => watched.fetchMore({ variables: { before: shown!.chat!.messages.pageInfo.startCursor } });
    },
    follow: (root, chatId, from = listed!.chats!.nodes) => {
      const subscription = client
        .subscribe<EventsData>({
          query: subscriptions[root],
          variables: root === 'events' ? {} : { chatId },
          context: followApolloFrom(from),
        })
        .subscribe(({ data, error }) => events.push(data?.[root] ?? { __typename: `${error?.message}` }));
      return { stop: () => subscription.unsubscribe() };
    },
  };
};

const openUrql = (connection: Client, chats: ChatsVariables = {}): Screen => {
  const warnings: string[] = [];
  const client = new UrqlClient({
    url: 'everything goes over the socket',
    preferGetMethod: false,
    exchanges: [
      cacheExchange({
        schema: introspection,
        keys,
        resolvers,
        updates,
        logger: (_severity, message) => void warnings.push(message),
      }),
      subscriptionExchange({
        enableAllOperations: true,
        forwardSubscription: forwardSubscription(connection),
      }),
    ],
  });
  const events: { __typename: string; seq?: number }[] = [];
  let shown: HistoryData | undefined;
  let listed: ChatsData | undefined;
  let older: Screen['older'] = () => Promise.resolve();
  client.query<ChatsData>(CHATS, chats).subscribe(({ data }) => (listed = data));
  return {
    events,
    warnings,
    chats: () => listed?.chats?.nodes ?? null,
    messages: () => messagesIn(shown),
    read: () => shown?.chat?.members.nodes.map(({ lastReadSeq }) => lastReadSeq),
    group: () => groupIn(shown) ?? undefined,
    older: () => older(),
    show: (chatId, by) => {
      const query = history(by);
      const watch = (variables: object) =>
        client.query<HistoryData>(query, variables).subscribe(({ data }) => (shown = data));
      watch({ chatId });
      older = async () => {
        const before = shown!.chat!.messages.pageInfo.startCursor;
        watch({ chatId, before });
        await client.query<HistoryData>(query, { chatId, before });
      };
    },
    follow: (root, chatId, from = listed!.chats!.nodes) => {
      const subscription = client
        .subscription<EventsData>(subscriptions[root], root === 'events' ? {} : { chatId }, followFrom(from))
        .subscribe(({ data, error }) => events.push(data?.[root] ?? { __typename: `${error?.message}` }));
      return { stop: () => subscription.unsubscribe() };
    },
  };
};

/** @param chats which of them are listed */
export const caches: Record<string, (connection: Client, chats?: ChatsVariables) => Screen> = {
  Apollo: openApollo,
  urql: openUrql,
};
