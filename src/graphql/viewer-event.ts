/** What happens in any of the viewer's chats, over one subscription. */
import { BadUserInputError } from '../domain/bad-user-input.js';
import type { StreamItem } from '../domain/stream-item.js';
import type { Place } from '../log/cursor.js';
import { builder } from './builder.js';
import { CHAT_EVENT_TYPES, typeNameOfChatItem } from './chat-event.js';
import { Chat } from './chat.js';
import { createEventSource, unwrap, type Delivery } from './event-source.js';
import { encodeGlobalId } from './global-id.js';
import { placeOf } from './scalars.js';

type ItemOf<Kind extends StreamItem['kind']> = Extract<StreamItem, { kind: Kind }>;

const CURSORS_MOST = 2000;

const ChatAdded = builder.objectRef<ItemOf<'chatAdded'>>('ChatAdded').implement({
  description:
    'The viewer is in this chat now: they were added, opened it or it was made with them. Its events follow.',
  fields: (t) => ({ chat: t.field({ type: Chat, description: 'As it is now.', resolve: ({ chat }) => chat }) }),
});

const ChatRemoved = builder.objectRef<ItemOf<'chatRemoved'>>('ChatRemoved').implement({
  description: 'The viewer is no member of this chat any more; nothing more of it comes.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
  }),
});

const ViewerReady = builder.objectRef<ItemOf<'viewerReady'>>('ViewerReady').implement({
  description: 'All replays are over; what follows is live.',
  fields: (t) => ({
    unreadCount: t.int({
      description: "Unread messages over all of the viewer's chats.",
      resolve: (_item, _args, { services, viewer }) => services.chats.unreadTotal(viewer!),
    }),
  }),
});

const ViewerEvent = builder.unionType('ViewerEvent', {
  description:
    "What `events` tells of all of the viewer's chats. ChatAdded and ChatRemoved tell of the viewer's own membership.",
  types: [...CHAT_EVENT_TYPES, ChatAdded, ChatRemoved, ViewerReady],
  resolveType: (item: StreamItem) => {
    switch (item.kind) {
      case 'chatAdded':
        return 'ChatAdded';
      case 'chatRemoved':
        return 'ChatRemoved';
      case 'viewerReady':
        return 'ViewerReady';
      default:
        return typeNameOfChatItem(item);
    }
  },
});

/** @throws BadUserInputError where one is malformed, there are too many, or two of one chat */
const placesOf = (cursors: readonly string[]): Place[] => {
  if (cursors.length > CURSORS_MOST) throw new BadUserInputError(`At most ${CURSORS_MOST} cursors`);
  const places = cursors.map((cursor) => placeOf(cursor)!);
  if (new Set(places.map(({ chatId }) => chatId)).size < places.length)
    throw new BadUserInputError('`after` has two cursors of one chat');
  return places;
};

builder.subscriptionField('events', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      "All of the viewer's chats over one subscription, chats joined later included. Given `after`: first ChatRemoved for each chat " +
      'the viewer has left since, ChatAdded for each that has no cursor in the list, then the log after each cursor, chat by chat; ' +
      'a cursor that cannot be resumed gives ResyncRequired for its chat only. ChatReady comes for each chat with something to ' +
      'replay, then ViewerReady once.',
    type: ViewerEvent,
    args: {
      after: t.arg({
        type: ['Cursor'],
        required: { list: false, items: true },
        description: 'The last cursor of each chat, at most 2,000. Absent: nothing is replayed.',
      }),
    },
    subscribe: (_root, { after }, { services, viewer, ending }) => {
      const places = after ? placesOf(after) : null;
      return createEventSource(services.streams.viewer(viewer, { after: places, ending }), (item) => ({ value: item }));
    },
    resolve: (delivery: Delivery<StreamItem>) => unwrap(delivery),
  }),
);
