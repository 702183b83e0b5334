/** The events of a chat, as its followers receive them. Resolved from the data an event carries: nothing is read back for it. */
import type { EndCode as DomainEndCode, StreamItem } from '../domain/streams/stream-item.js';
import { encodeCursor } from '../log/cursor.js';
import type { LogEvent, UserFacts } from '../log/event.js';
import { builder } from './builder.js';
import { OF_A_LIST } from './complexity.js';
import { ChatMember } from './chat-member.js';
import { Chat } from './chat.js';
import type { Context } from './context.js';
import { encodeGlobalId, messageKeyText } from './global-id.js';
import { Message } from './message.js';
import { User } from './user.js';

type ItemOf<Kind extends StreamItem['kind']> = Extract<StreamItem, { kind: Kind }>;
/** Durable. The event's own type determines its type in the schema. */
export type EventItem = ItemOf<'event'>;
/** What `chatEvents` delivers. */
export type ChatItem = Exclude<StreamItem, ItemOf<'chatAdded' | 'chatRemoved' | 'viewerReady'>>;

const CHAT_ID = 'The chat it happened in.';
const CHAT =
  'That chat as it is now, not as it was then. If the viewer can no longer see it, it shows none of its current state.';

const TOTAL_UNREAD_COUNT =
  "Unread messages in all of the viewer's chats at the time of delivery. Costs a query per viewer, but only if selected.";

const userOf = (event: LogEvent, id: bigint, { loaders }: Context): UserFacts | Promise<UserFacts> =>
  event.users.find((user) => user.id === id) ?? loaders.named(id);

export const DurableEvent = builder.interfaceRef<EventItem>('DurableEvent').implement({
  description:
    "An event written to the chat's log: numbered without gaps, delivered in order, exactly once per subscription, resumable.",
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
      description: 'Resume from here to get the events after this one.',
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
  description: 'A message was sent.',
  interfaces,
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ event }) => event.messages[0]! }),
    clientMessageId: t.id({
      nullable: true,
      description: "The sender's own key for it, by which the sending client recognises its message.",
      resolve: ({ event }) => event.messages[0]!.clientMessageId,
    }),
  }),
});

const MessageEdited = builder.objectRef<EventItem>('MessageEdited').implement({
  description: 'The sender of a message edited it.',
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
      description: 'The deleted messages, ordered by `seq`.',
      resolve: ({ event }) => event.messages.map((message) => encodeGlobalId('Message', messageKeyText(message))),
    }),
    messages: t.field({
      type: [Message],
      description: 'Their tombstones, so that normalised caches update.',
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
      description: 'The new member.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.userId!, ctx),
    }),
    actor: t.field({
      type: User,
      description: 'Who added them; the same user if they joined.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
  }),
});

const MemberRemoved = builder.objectRef<EventItem>('MemberRemoved').implement({
  description: 'A member was removed or left. They receive this event, and none after it.',
  interfaces,
  fields: (t) => ({
    user: t.field({
      type: User,
      description: 'The former member.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.userId!, ctx),
    }),
    actor: t.field({
      type: User,
      description: 'Who removed them; the same user if they left.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
    left: t.boolean({
      description: 'Whether they left of their own accord.',
      resolve: ({ event }) => event.actorId === event.userId,
    }),
  }),
});

const MemberUpdated = builder.objectRef<EventItem>('MemberUpdated').implement({
  description: "A member's role in the chat changed.",
  interfaces,
  fields: (t) => ({
    member: t.field({
      type: ChatMember,
      description:
        'The member as they are now; a MEMBER if they are one no longer, or the viewer can no longer see the chat.',
      resolve: async ({ event }, _args, ctx) => {
        const { chatId, createdAt: joinedAt } = event;
        const userId = event.userId!;
        const member = await ctx.loaders.member({ chatId, userId });
        const former = { chatId, userId, role: 'MEMBER' as const, joinedAt, lastReadSeq: 0 };
        return member ?? { ...former, user: await userOf(event, userId, ctx) };
      },
    }),
    actor: t.field({
      type: User,
      description: 'Who changed it. Of a group whose last owner is gone: who removed them, or they themselves.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
  }),
});

const ReactionAdded = builder.objectRef<EventItem>('ReactionAdded').implement({
  description: 'A user reacted to a message.',
  interfaces,
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ event }) => event.messages[0]! }),
    user: t.field({
      type: User,
      description: 'Who reacted.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
    emoji: t.string({ description: 'The emoji.', resolve: ({ event }) => event.emoji! }),
  }),
});

const ReactionRemoved = builder.objectRef<EventItem>('ReactionRemoved').implement({
  description: 'A user took a reaction back.',
  interfaces,
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ event }) => event.messages[0]! }),
    user: t.field({
      type: User,
      description: 'Whose reaction it was.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
    emoji: t.string({ description: 'The emoji.', resolve: ({ event }) => event.emoji! }),
  }),
});

const MessagePinned = builder.objectRef<EventItem>('MessagePinned').implement({
  description: 'A message was pinned.',
  interfaces,
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ event }) => event.messages[0]! }),
    actor: t.field({
      type: User,
      description: 'Who pinned it.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
  }),
});

const MessageUnpinned = builder.objectRef<EventItem>('MessageUnpinned').implement({
  description: 'A message was unpinned. One that is deleted is unpinned without this event.',
  interfaces,
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ event }) => event.messages[0]! }),
    actor: t.field({
      type: User,
      description: 'Who unpinned it.',
      resolve: ({ event }, _args, ctx) => userOf(event, event.actorId, ctx),
    }),
  }),
});

const ChatUpdated = builder.objectRef<EventItem>('ChatUpdated').implement({
  description:
    'The chat was renamed, closed or reopened, or its description, access or metadata or the plan of a brand changed: select the new ' +
    'state on `chat`.',
  interfaces,
});

export const TypingChanged = builder.objectRef<ItemOf<'typing'>>('TypingChanged').implement({
  description:
    'Somebody else is typing, or has stopped: because they said so, `expiresAt` passed, their message was sent or they were removed. ' +
    'Ephemeral: not stored, and lost if nobody listens.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat they type in.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
    user: t.field({ type: User, description: 'Who is typing or has stopped.', resolve: ({ user }) => user }),
    isTyping: t.exposeBoolean('isTyping', { description: 'False: they have stopped.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When to stop showing it if no other event arrives.',
    }),
  }),
});

export const MessagesRead = builder.objectRef<ItemOf<'read'>>('MessagesRead').implement({
  description:
    'A read position moved. Ephemeral: not stored, but the last position always arrives. In chats of more than 100 members only the ' +
    "viewer's own is sent. Sending a message moves nobody's read position.",
  fields: (t) => ({
    chatId: t.id({ description: CHAT_ID, resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
    chat: t.field({ type: Chat, description: CHAT, resolve: ({ chatId }, _args, ctx) => ctx.loaders.chat(chatId) }),
    user: t.field({ type: User, description: 'Whose read position moved.', resolve: ({ user }) => user }),
    lastReadSeq: t.exposeInt('lastReadSeq', { description: 'Everything up to this `seq` is read.' }),
    totalUnreadCount: t.int({
      description: TOTAL_UNREAD_COUNT,
      resolve: (_item, _args, { loaders }) => loaders.unreadTotal(),
    }),
  }),
});

const ChatSettingsChanged = builder.objectRef<ItemOf<'settings'>>('ChatSettingsChanged').implement({
  description:
    "The viewer's own settings of a chat changed, on whichever device. Not kept: read them again after being away.",
  fields: (t) => ({
    chatId: t.id({ description: 'The chat.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
    chat: t.field({ type: Chat, description: CHAT, resolve: ({ chatId }, _args, ctx) => ctx.loaders.chat(chatId) }),
  }),
});

const ChatReady = builder.objectRef<ItemOf<'ready'>>('ChatReady').implement({
  description:
    'The replay is complete; live events follow. It is the first event if there was nothing to replay. Sent again after the server ' +
    'dropped a slow reader’s queue and replayed. A `headSeq` above the last `seq` seen means that events were missed: subscribe with ' +
    '`after`. Select state that is not in the log (read positions, permissions) on `chat`.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat being followed.', resolve: ({ chat }) => encodeGlobalId('Chat', chat.id) }),
    chat: t.field({
      type: Chat,
      description: 'The chat as read when the replay was complete.',
      resolve: ({ chat }) => chat,
    }),
    headSeq: t.exposeInt('headSeq', { description: 'The `seq` of the newest durable event so far.' }),
    cursor: t.field({
      type: 'Cursor',
      description: 'Resume from here to get the live events that follow.',
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
    'The log cannot be resumed (database restored, log pruned, or more than 10,000 events behind): query the chat again. ' +
    'ChatReady at the head and live events follow.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat to query again.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
    reason: t.exposeString('reason', { description: 'Human-readable explanation, safe to display.' }),
  }),
});

const END_CODES: Record<DomainEndCode, { description: string }> = {
  REMOVED: { description: 'The viewer is no longer a member of the chat. Followed by complete.' },
  TAKEN_OVER: {
    description:
      'A newer connection of the viewer took the place of this one. Do not resubscribe automatically. Followed by complete.',
  },
  SIGNED_OUT: {
    description: 'The token expired, or the session or the account is gone. The socket closes with 4403 or 4401.',
  },
  CHAT_GONE: { description: 'The chat does not exist, or the viewer may not see it. Followed by complete.' },
  TOO_SLOW: {
    description: 'The client read nothing for too long: subscribe again with the last cursor. Followed by complete.',
  },
  SHUTTING_DOWN: {
    description:
      'The node is stopping, or this connection is old (CONNECTION_MINUTES): subscribe again, on any node. The socket closes with 1001.',
  },
};

const EndCode = builder.enumType('EndCode', {
  description: 'Why the server ended a subscription.',
  values: END_CODES,
});

export const SubscriptionEnded = builder.objectRef<ItemOf<'ended'>>('SubscriptionEnded').implement({
  description: 'The last event of a subscription that the server ends.',
  fields: (t) => ({
    code: t.expose('code', { type: EndCode, description: 'Machine-readable reason.' }),
    reason: t.exposeString('reason', { description: 'Human-readable explanation, safe to display.' }),
  }),
});

const TYPE_NAMES = {
  MESSAGE_SENT: 'MessageSent',
  MESSAGE_EDITED: 'MessageEdited',
  MESSAGES_DELETED: 'MessagesDeleted',
  MEMBER_ADDED: 'MemberAdded',
  MEMBER_REMOVED: 'MemberRemoved',
  CHAT_UPDATED: 'ChatUpdated',
  REACTION_ADDED: 'ReactionAdded',
  REACTION_REMOVED: 'ReactionRemoved',
  MESSAGE_PINNED: 'MessagePinned',
  MESSAGE_UNPINNED: 'MessageUnpinned',
  MEMBER_UPDATED: 'MemberUpdated',
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
    case 'settings':
      return 'ChatSettingsChanged';
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
  ReactionAdded,
  ReactionRemoved,
  MessagePinned,
  MessageUnpinned,
  MemberUpdated,
  TypingChanged,
  MessagesRead,
  ChatSettingsChanged,
  ChatReady,
  ResyncRequired,
  SubscriptionEnded,
];

export const ChatEvent = builder.unionType('ChatEvent', {
  description: 'An event of one chat, as `chatEvents` delivers it.',
  types: CHAT_EVENT_TYPES,
  resolveType: typeNameOfChatItem,
});
