/** A chat's log as a list: what a replay would tell, without following. */
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
      'Everything that happened here, as a replay would tell it now: messages, joins, leaves, renames. Oldest first; with neither ' +
      'first nor last the newest 50. It reaches back as far as LOG_RETENTION_DAYS lets replays; `messages` has no such end.',
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
