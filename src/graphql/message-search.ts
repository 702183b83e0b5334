/** Search in messages. */
import type { FoundMessage, FoundMessages } from '../domain/search/message-search.js';
import { builder } from './builder.js';
import { OF_A_SEARCH } from './complexity.js';
import { decodeRowId } from './global-id.js';
import { Message } from './message.js';

const MessageSearchEdge = builder.objectRef<FoundMessage>('MessageSearchEdge').implement({
  description: 'A message that was found.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'For `after` of the same search.' }),
    node: t.expose('node', { type: Message, description: 'The message.' }),
    matches: t.field({
      type: t.listRef(t.listRef('Int')),
      description:
        'Where the words stand in `text`: pairs of start and end, in Unicode code points, the end exclusive. In order, at most 100.',
      resolve: (edge) => edge.matches(),
    }),
  }),
});

const MessageSearchConnection = builder.objectRef<FoundMessages>('MessageSearchConnection').implement({
  description:
    'A page of messages that were found. It may hold fewer than asked for, or none, although `hasNextPage` is true: looking through many ' +
    'messages is done in parts. Page on with `after: endCursor`.',
  fields: (t) => ({
    edges: t.field({
      type: [MessageSearchEdge],
      description: 'The messages on this page, each with its cursor and with where the words stand.',
      resolve: ({ edges }) => edges,
    }),
    nodes: t.field({
      type: [Message],
      description: 'The messages on this page.',
      resolve: ({ edges }) => edges.map(({ node }) => node),
    }),
    pageInfo: t.expose('pageInfo', { type: builder.pageInfoRef(), description: 'Where the page is in the list.' }),
    indexedFrom: t.expose('indexedFrom', {
      type: 'DateTime',
      nullable: true,
      description:
        'Messages sent before this time are not found yet: the server is still indexing them, the newest first. Null: everything is indexed.',
    }),
  }),
});

builder.queryField('searchMessages', (t) =>
  t.field({
    authScopes: { signedIn: true },
    description:
      "Messages of the viewer's chats by their words, newest first. All words must occur, in any case and inflection (Russian and English); " +
      'the last one also as a beginning. Quotes hold words together. Very common words (и, the) are ignored beside others. Null if ' +
      'there is no chat `chatId`. A query without words finds nothing, except messages with attachments if these are asked for. At most SEARCHES_PER_MINUTE; then RATE_LIMITED.',
    type: MessageSearchConnection,
    nullable: true,
    complexity: OF_A_SEARCH,
    args: {
      query: t.arg.string({ description: 'At most 200 characters and 20 words.' }),
      chatId: t.arg.id({
        required: false,
        description: 'Only messages of this chat, of which one need not be a member to see it.',
      }),
      senderId: t.arg.id({ required: false, description: 'Only messages of this user.' }),
      from: t.arg({ type: 'DateTime', required: false, description: 'Only messages sent at this time or later.' }),
      to: t.arg({ type: 'DateTime', required: false, description: 'Only messages sent before this time.' }),
      hasAttachment: t.arg.boolean({
        required: false,
        description: 'Only messages with attachments, or only those without.',
      }),
      first: t.arg.int({ required: false, description: 'How many messages (0 to 100). Without it: 50.' }),
      after: t.arg.string({ required: false, description: 'Only messages after the edge with this `cursor`.' }),
    },
    resolve: (_root, { chatId, senderId, ...args }, { viewer, services }) =>
      services.messageSearch.search(viewer!, {
        ...args,
        chatId: isGiven(chatId) ? decodeRowId('Chat', chatId) : undefined,
        senderId: isGiven(senderId) ? decodeRowId('User', senderId) : undefined,
      }),
  }),
);

const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;
