/** The events of all of the viewer's chats, over one subscription. */
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
    'The viewer is now a member of this chat: they were added, opened it, or it was created with them. Its events follow.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat.', resolve: ({ chat }) => encodeGlobalId('Chat', chat.id) }),
    chat: t.field({ type: Chat, description: 'As it is now.', resolve: ({ chat }) => chat }),
    cursor: t.field({
      type: 'Cursor',
      description:
        'Resume from here to get the events that follow. They may be older than what `chat` shows: apply them by id.',
      resolve: ({ chat, seq, mark }) => encodeCursor({ chatId: chat.id, seq, mark }),
    }),
  }),
});

const ChatRemoved = builder.objectRef<ItemOf<'chatRemoved'>>('ChatRemoved').implement({
  description: 'The viewer is no longer a member of this chat, and receives no more events of it.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
  }),
});

const ViewerReady = builder.objectRef<ItemOf<'viewerReady'>>('ViewerReady').implement({
  description: 'All replays are complete; live events follow.',
  fields: (t) => ({
    unreadCount: t.int({
      description: "Unread messages in all of the viewer's chats.",
      resolve: (_item, _args, { services, viewer }) => services.chats.unreadTotal(viewer!),
    }),
  }),
});

const ViewerEvent = builder.unionType('ViewerEvent', {
  description:
    "An event of any of the viewer's chats, as `events` delivers it. ChatAdded and ChatRemoved are about the viewer's own membership.",
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
 * A malformed cursor is left out, so that the other chats are still followed: its chat then has no cursor, and the client gets
 * ChatAdded for it as for a new one. Of two cursors of one chat the older one counts: it misses nothing.
 *
 * @throws BadUserInputError for too many
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
      "All of the viewer's chats over one subscription, including chats joined later. With `after`: first ChatRemoved for each chat " +
      'the viewer has left since and ChatAdded for each chat without a cursor in the list, then the log after each cursor, chat by ' +
      'chat. A cursor that cannot be resumed gives ResyncRequired for its chat only; a malformed one is ignored. ChatReady is sent ' +
      'for each chat with something to replay, then ViewerReady once.',
    type: ViewerEvent,
    args: {
      after: t.arg({
        type: ['Cursor'],
        required: { list: false, items: true },
        description: 'The last cursor seen of each chat, at most 2,000. Absent: nothing is replayed.',
      }),
    },
    subscribe: (_root, { after }, { services, viewer, ending }) => {
      const places = after ? placesOf(after) : null;
      return createEventSource(services.streams.viewer(viewer, { after: places, ending }), (item) => ({ value: item }));
    },
    resolve: (delivery: Delivery<StreamItem>) => unwrap(delivery),
  }),
);
