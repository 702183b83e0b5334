/** What happens in a chat, as its followers are told. Resolved from what the event carries along: nothing is read back for it. */
import type { EndCode as DomainEndCode, StreamItem } from '../domain/streams/stream-item.js';
import { encodeCursor } from '../log/cursor.js';
import type { LogEvent, UserFacts } from '../log/event.js';
import { builder } from './builder.js';
import { OF_A_LIST } from './complexity.js';
import { Chat } from './chat.js';
import type { Context } from './context.js';
import { encodeGlobalId, messageKeyText } from './global-id.js';
import { Message } from './message.js';
import { User } from './user.js';

type ItemOf<Kind extends StreamItem['kind']> = Extract<StreamItem, { kind: Kind }>;
/** Durable, with the event's own type: that says which type of the schema it is. */
export type EventItem = ItemOf<'event'>;
/** What `chatEvents` delivers. */
export type ChatItem = Exclude<StreamItem, ItemOf<'chatAdded' | 'chatRemoved' | 'viewerReady'>>;

const CHAT_ID = 'The chat it happened in.';
const CHAT =
  'That chat as it is now, not as it was then; for one who sees it no more it holds nothing of what it is now.';

const TOTAL_UNREAD_COUNT =
  "Unread messages over all of the viewer's chats, when the event is handed out. Costs a query for each viewer, so only where selected.";

const userOf = async (event: LogEvent, id: bigint, { loaders }: Context): Promise<UserFacts> =>
  event.users.find((user) => user.id === id) ?? (await loaders.namedUser(id))!;

export const DurableEvent = builder.interfaceRef<EventItem>('DurableEvent').implement({
  description:
    "Written to the chat's log: numbered without gaps, delivered in order, exactly once per subscription, resumable.",
  resolveType: ({ event }) => TYPE_NAMES[event.type],
  fields: (t) => ({
    chatId: t.id({ description: CHAT_ID, resolve: ({ event }) => encodeGlobalId('Chat', event.chatId) }),
    chat: t.field({
      type: Chat,
      description: CHAT,
      resolve: ({ event }, _args, ctx) => ctx.loaders.chat(event.chatId),
    }),
    seq: t.int({ description: "Its number in the chat's log.", resolve: ({ event }) => event.seq }),
    cursor: t.field({
      type: 'Cursor',
      description: 'Resuming from here gives what came after this event.',
      resolve: ({ event }) => encodeCursor(event),
    }),
    totalUnreadCount: t.int({
      description: TOTAL_UNREAD_COUNT,
      resolve: (_item, _args, { loaders }) => loaders.unreadTotal(),
    }),
  }),
});

const interfaces = [DurableEvent];

export const MessageSent = builder.objectRef<EventItem>('MessageSent').implement({
  description: 'Somebody sent a message.',
  interfaces,
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ event }) => event.messages[0]! }),
    clientMessageId: t.id({
      nullable: true,
      description: "The sender's own key for it: who waits for it to arrive knows it by that.",
      resolve: ({ event }) => event.messages[0]!.clientMessageId,
    }),
  }),
});

const MessageEdited = builder.objectRef<EventItem>('MessageEdited').implement({
  description: 'Somebody edited their message.',
  interfaces,
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ event }) => event.messages[0]! }),
  }),
});

const MessagesDeleted = builder.objectRef<EventItem>('MessagesDeleted').implement({
  description: 'Messages were deleted.',
  interfaces,
  fields: (t) => ({
    messageIds: t.idList({
      description: 'Which, by `seq`.',
      resolve: ({ event }) => event.messages.map((message) => encodeGlobalId('Message', messageKeyText(message))),
    }),
    messages: t.field({
      type: [Message],
      description: 'The tombstones, so that normalised caches follow.',
      complexity: OF_A_LIST,
      resolve: ({ event }) => event.messages,
    }),
    actor: t.field({
      type: User,
      description: 'Who deleted them.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
  }),
});

const MemberAdded = builder.objectRef<EventItem>('MemberAdded').implement({
  description: 'A user was added.',
  interfaces,
  fields: (t) => ({
    user: t.field({
      type: User,
      description: 'Who was added.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.userId!, ctx),
    }),
    actor: t.field({
      type: User,
      description: 'Who added them.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
  }),
});

const MemberRemoved = builder.objectRef<EventItem>('MemberRemoved').implement({
  description: 'A member was removed, or left. The last event that they themselves are given.',
  interfaces,
  fields: (t) => ({
    user: t.field({
      type: User,
      description: 'Who is no member any more.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.userId!, ctx),
    }),
    actor: t.field({
      type: User,
      description: 'Who removed them; themselves where they left.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
    left: t.boolean({
      description: 'Whether they left by themselves.',
      resolve: ({ event }) => event.actorId === event.userId,
    }),
  }),
});

const ChatUpdated = builder.objectRef<EventItem>('ChatUpdated').implement({
  description: 'The chat was renamed, closed or reopened, or its metadata changed: `chat` has it.',
  interfaces,
});

export const TypingChanged = builder.objectRef<ItemOf<'typing'>>('TypingChanged').implement({
  description:
    'Somebody else types, or has stopped: as they say, or because `expiresAt` passed, their message was sent or they were removed, which ' +
    'each end it at once. Not kept: lost if nobody listens.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat they type in.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
    user: t.field({ type: User, description: 'Who.', resolve: ({ user }) => user }),
    isTyping: t.exposeBoolean('isTyping', { description: 'False: has stopped.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When to stop showing it, should no other event come.',
    }),
  }),
});

export const MessagesRead = builder.objectRef<ItemOf<'read'>>('MessagesRead').implement({
  description:
    "A read position moved. Not kept; the last position always arrives. In chats of more than 100 members only the viewer's own. " +
    "Sending moves nobody's read position.",
  fields: (t) => ({
    chatId: t.id({ description: CHAT_ID, resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
    chat: t.field({ type: Chat, description: CHAT, resolve: ({ chatId }, _args, ctx) => ctx.loaders.chat(chatId) }),
    user: t.field({ type: User, description: 'Who has read.', resolve: ({ user }) => user }),
    lastReadSeq: t.exposeInt('lastReadSeq', { description: 'Everything up to this number.' }),
    totalUnreadCount: t.int({
      description: TOTAL_UNREAD_COUNT,
      resolve: (_item, _args, { loaders }) => loaders.unreadTotal(),
    }),
  }),
});

const ChatReady = builder.objectRef<ItemOf<'ready'>>('ChatReady').implement({
  description:
    "Replay is over; what follows is live. A chat's first event if there was nothing to replay. Sent again after the server dropped a " +
    'slow reader’s queue and replayed. A `headSeq` above the last `seq` seen means that events were missed: subscribe with `after`. ' +
    'Select what is not in the log (read positions, permissions) on `chat`.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat that is followed.', resolve: ({ chat }) => encodeGlobalId('Chat', chat.id) }),
    chat: t.field({ type: Chat, description: 'As it was read when the replay was over.', resolve: ({ chat }) => chat }),
    headSeq: t.exposeInt('headSeq', { description: 'The number of the newest durable event so far.' }),
    cursor: t.field({
      type: 'Cursor',
      description: 'Resuming from here gives what is live from here.',
      resolve: ({ chat, headSeq, mark }) => encodeCursor({ chatId: chat.id, seq: headSeq, mark }),
    }),
    unreadCount: t.int({
      description: "Messages by others after the viewer's read position.",
      resolve: ({ chat }, _args, { loaders }) => loaders.unreadCount(chat.id),
    }),
    totalUnreadCount: t.int({
      description: TOTAL_UNREAD_COUNT,
      resolve: (_item, _args, { loaders }) => loaders.unreadTotal(),
    }),
  }),
});

const ResyncRequired = builder.objectRef<ItemOf<'resync'>>('ResyncRequired').implement({
  description:
    'The log cannot be resumed (restored database, pruned, or more than 10,000 events behind): query the chat again. ' +
    'ChatReady at the head and live events follow.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat to query again.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
    reason: t.exposeString('reason', { description: 'A sentence fit to show to a person.' }),
  }),
});

const END_CODES: Record<DomainEndCode, { description: string }> = {
  REMOVED: { description: 'The viewer is no member of the chat any more. Followed by complete.' },
  TAKEN_OVER: {
    description: 'A newer connection of the viewer took the place. Do not subscribe by yourself. Followed by complete.',
  },
  SIGNED_OUT: {
    description: 'The token expired, or the session or the account is gone. The socket closes with 4403 or 4401.',
  },
  CHAT_GONE: { description: 'There is no such chat, or the viewer may not see it. Followed by complete.' },
  TOO_SLOW: {
    description: 'Nothing was taken for too long: subscribe again with the last cursor. Followed by complete.',
  },
  SHUTTING_DOWN: {
    description:
      'The node stops, or this connection is old (CONNECTION_MINUTES): subscribe again, to whichever node. The socket closes with 1001.',
  },
};

const EndCode = builder.enumType('EndCode', {
  description: 'Why the server ended a subscription.',
  values: END_CODES,
});

export const SubscriptionEnded = builder.objectRef<ItemOf<'ended'>>('SubscriptionEnded').implement({
  description: "The subscription's last event, where the server ends it.",
  fields: (t) => ({
    code: t.expose('code', { type: EndCode, description: 'Why, for programs.' }),
    reason: t.exposeString('reason', { description: 'A sentence fit to show to a person.' }),
  }),
});

const TYPE_NAMES = {
  MESSAGE_SENT: 'MessageSent',
  MESSAGE_EDITED: 'MessageEdited',
  MESSAGES_DELETED: 'MessagesDeleted',
  MEMBER_ADDED: 'MemberAdded',
  MEMBER_REMOVED: 'MemberRemoved',
  CHAT_UPDATED: 'ChatUpdated',
  /** Never delivered. */
  CHAT_CREATED: undefined,
} as const;

export const typeNameOfChatItem = (item: ChatItem) => {
  switch (item.kind) {
    case 'event':
      return TYPE_NAMES[item.event.type];
    case 'typing':
      return 'TypingChanged';
    case 'read':
      return 'MessagesRead';
    case 'ready':
      return 'ChatReady';
    case 'resync':
      return 'ResyncRequired';
    case 'ended':
      return 'SubscriptionEnded';
  }
};

export const CHAT_EVENT_TYPES = [
  MessageSent,
  MessageEdited,
  MessagesDeleted,
  MemberAdded,
  MemberRemoved,
  ChatUpdated,
  TypingChanged,
  MessagesRead,
  ChatReady,
  ResyncRequired,
  SubscriptionEnded,
];

export const ChatEvent = builder.unionType('ChatEvent', {
  description: 'What `chatEvents` tells of one chat.',
  types: CHAT_EVENT_TYPES,
  resolveType: typeNameOfChatItem,
});
