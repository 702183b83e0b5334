/** A chat's log as a list: what a replay would deliver, without subscribing. */
import { builder } from './builder.js';
import { DurableEvent } from './chat-event-types.js';
import { Chat } from './chat.js';
import { pageArgs } from './pages.js';

const DurableEventEdge = builder.edgeObject({
  type: DurableEvent,
  name: 'DurableEventEdge',
  description: 'An event on a page.',
});
const DurableEventConnection = builder.connectionObject(
  { type: DurableEvent, name: 'DurableEventConnection', description: 'A page of events.' },
  DurableEventEdge,
);

builder.objectFields(Chat, (t) => ({
  log: t.field({
    type: DurableEventConnection,
    description:
      'Everything that happened in this chat, as a replay would deliver it now: messages, joins, leaves, renames. Oldest first; without ' +
      '`first` and `last`, the newest 50. It goes back as far as LOG_RETENTION_DAYS lets replays go; `messages` goes all the way back.',
    args: pageArgs,
    resolve: async (chat, page, { loaders }) => {
      const { edges, pageInfo } = await loaders.log(chat.id, page);
      return {
        edges: edges.map(({ cursor, node }) => ({ cursor, node: { kind: 'event' as const, event: node } })),
        pageInfo,
      };
    },
  }),
}));
