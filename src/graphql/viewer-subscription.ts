/** What happens in any of the viewer's chats, over one subscription. */
import { BadUserInputError } from '../domain/bad-user-input.js';
import type { StreamItem } from '../domain/streams/stream-item.js';
import { decodeCursor, encodeCursor, type ChatPosition } from '../log/cursor.js';
import { builder } from './builder.js';
import { CHAT_EVENT_TYPES, typeNameOfChatItem } from './chat-event-types.js';
import { Chat } from './chat.js';
import { createEventSource, unwrap, type Delivery } from './event-source.js';
import { encodeGlobalId } from './global-id.js';

type ItemOf<Kind extends StreamItem['kind']> = Extract<StreamItem, { kind: Kind }>;

const MAX_CURSORS = 2000;

const ChatAdded = builder.objectRef<ItemOf<'chatAdded'>>('ChatAdded').implement({
  description:
    'The viewer is in this chat now: they were added, opened it or it was made with them. Its events follow.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat.', resolve: ({ chat }) => encodeGlobalId('Chat', chat.id) }),
    chat: t.field({ type: Chat, description: 'As it is now.', resolve: ({ chat }) => chat }),
    cursor: t.field({
      type: 'Cursor',
      description:
        'Resuming from here gives the events that follow. They may be older than what `chat` shows: apply them by id.',
      resolve: ({ chat, seq, mark }) => encodeCursor({ chatId: chat.id, seq, mark }),
    }),
  }),
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

/**
 * One that makes no sense is left out, so that the others are followed: its chat, whichever it was, is then one without a cursor, of
 * which its client is told as of a new one. Of two for one chat the older holds: nothing is missed by it.
 *
 * @throws BadUserInputError where there are too many
 */
const placesOf = (cursors: readonly string[]): ChatPosition[] => {
  if (cursors.length > MAX_CURSORS) throw new BadUserInputError(`At most ${MAX_CURSORS} cursors`);
  const places = new Map<bigint, ChatPosition>();
  for (const cursor of cursors) {
    const place = decodeCursor(cursor);
    if (place === null) continue;
    const other = places.get(place.chatId);
    if (other === undefined || place.seq < other.seq) places.set(place.chatId, place);
  }
  return [...places.values()];
};

builder.subscriptionField('events', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      "All of the viewer's chats over one subscription, chats joined later included. Given `after`: first ChatRemoved for each chat " +
      'the viewer has left since, ChatAdded for each that has no cursor in the list, then the log after each cursor, chat by chat; ' +
      'a cursor that cannot be resumed gives ResyncRequired for its chat only, and one that is malformed counts as none. ChatReady ' +
      'comes for each chat with something to replay, then ViewerReady once.',
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
