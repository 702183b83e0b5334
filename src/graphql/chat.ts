/** Chats, as the viewer sees them. What depends on the viewer asks for their rights as they are when it runs. */
import { BadUserInputError } from '../domain/bad-user-input.js';
import type { ChatPermissions as Permissions, ChatReference } from '../domain/chats/chat-reads.js';
import { peerOf, titleOfMatch, titleOfPair } from '../domain/chats/chat-titles.js';
import type { Viewer } from '../domain/viewer.js';
import { ChatKind as PrismaChatKind } from '../generated/prisma/enums.js';
import { encodeCursor } from '../log/cursor.js';
import type { ChatRow } from '../log/event.js';
import { builder } from './builder.js';
import { ChatMember, ChatMemberConnection } from './chat-member.js';
import { decodeRowId } from './global-id.js';
import type { Loaders } from './loaders.js';
import { Message, MessageConnection } from './message.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

export const ChatKind = builder.enumType('ChatKind', {
  description: 'Which sort of chat: who is in it and who may do what.',
  values: {
    [PrismaChatKind.GROUP]: {
      description: 'Closed group: administrators add and remove people, people may leave.',
    },
    [PrismaChatKind.DIRECT]: { description: 'Two users; one per pair. Anyone may open one.' },
    [PrismaChatKind.RELATION]: { description: 'A manager and a client, tied by a Relation.' },
    [PrismaChatKind.MATCH]: { description: 'Two brands after a match.' },
    [PrismaChatKind.ORDER]: { description: 'About one order; found by its reference.' },
  } as const,
});

const ChatPermissions = builder.objectRef<Permissions>('ChatPermissions').implement({
  description: 'What the viewer may do in a chat now.',
  fields: (t) => ({
    canSend: t.exposeBoolean('canSend', { description: 'Send messages, and edit their own.' }),
    canDeleteOthers: t.exposeBoolean('canDeleteOthers', { description: "Delete other people's messages." }),
    canManageMembers: t.exposeBoolean('canManageMembers', { description: 'Add and remove members.' }),
    canRename: t.exposeBoolean('canRename', { description: 'Change its name and its slug.' }),
    canClose: t.exposeBoolean('canClose', { description: 'Close it, and reopen it.' }),
    canLeave: t.exposeBoolean('canLeave', { description: 'End their own membership.' }),
    canMarkRead: t.exposeBoolean('canMarkRead', { description: 'Move their own read position.' }),
  }),
});

export const Chat = builder.objectRef<ChatRow>('Chat');

builder.node(Chat, {
  description: 'Where people talk: a log of numbered events.',
  id: { resolve: (chat) => String(chat.id) },
  fields: (t) => ({
    kind: t.expose('kind', { type: ChatKind, description: 'Which sort of chat.' }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'GROUP and ORDER chats have one; others may be null.',
    }),
    title: t.string({
      description:
        "What the viewer's list shows: the name, or in a chat of two the other person's, first and last name or else the username; " +
        "in a match the other brand's. Who is neither of the two gets both. Empty for one who sees the chat no more.",
      resolve: (chat, _args, { loaders, viewer }) => titleOf(chat, viewer!, loaders),
    }),
    peer: t.field({
      type: User,
      nullable: true,
      description: 'The other person in a chat of two; null in others, and for one who is not in it.',
      resolve: async (chat, _args, { loaders, viewer }) =>
        isOfTwo(chat) ? peerOf(viewer!, await loaders.pair(chat.id)) : null,
    }),
    slug: t.exposeString('slug', {
      nullable: true,
      description: 'Unique short name by which a room can be found (`chat(slug:)`).',
    }),
    orderRef: t.exposeString('orderRef', {
      nullable: true,
      description: 'The reference of its order; null for other kinds.',
    }),
    members: t.field({
      type: ChatMemberConnection,
      description: 'In the order in which their accounts were made.',
      args: pageArgs,
      resolve: (chat, page, { loaders }) => loaders.members(chat.id, page),
    }),
    memberCount: t.int({
      description: 'How many `members` there are.',
      resolve: (chat, _args, { loaders }) => loaders.memberCount(chat.id),
    }),
    membership: t.field({
      type: ChatMember,
      nullable: true,
      description: "The viewer's own membership; null if the viewer is not a member.",
      resolve: (chat, _args, { loaders, viewer }) => loaders.member({ chatId: chat.id, userId: viewer!.id }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    activityAt: t.expose('activityAt', {
      type: 'DateTime',
      description:
        'When its newest message was sent, deleted since or not; without one, when the chat was made. Nothing else moves a chat in the list.',
    }),
    closedAt: t.expose('closedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Null while open. A closed chat can be read, not written.',
    }),
    messages: t.field({
      type: MessageConnection,
      description: 'Oldest first, deleted ones as tombstones. With neither first nor last: the newest 50.',
      args: pageArgs,
      resolve: (chat, page, { loaders }) => loaders.messages(chat.id, page),
    }),
    lastMessage: t.field({
      type: Message,
      nullable: true,
      description: 'The newest that is not deleted.',
      resolve: (chat, _args, { loaders }) => loaders.lastMessage(chat.id),
    }),
    unreadCount: t.int({
      description:
        "Messages by others after the viewer's read position, deleted ones not counted; 0 for one who is not a member.",
      resolve: (chat, _args, { loaders }) => loaders.unreadCount(chat.id),
    }),
    firstUnreadMessage: t.field({
      type: Message,
      nullable: true,
      description: 'The oldest of those that `unreadCount` counts; null if everything is read.',
      resolve: (chat, _args, { loaders }) => loaders.firstUnreadMessage(chat.id),
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'What its makers’ programs keep with it; everyone who sees the chat reads it.',
      resolve: (chat, _args, { loaders }) => loaders.metadata(chat.id),
    }),
    headSeq: t.exposeInt('headSeq', { description: 'The number of the newest durable event; 0 in a new chat.' }),
    cursor: t.field({
      type: 'Cursor',
      description:
        "Resuming from here misses nothing that happened after this answer was read: taken from the chat's row as first loaded, " +
        'never by a later query than the fields beside it. They may be newer than it, so apply replayed events by id.',
      resolve: (chat) => encodeCursor({ chatId: chat.id, seq: chat.headSeq, mark: chat.headMark }),
    }),
    permissions: t.field({
      type: ChatPermissions,
      description: 'What the viewer may do here now.',
      resolve: (chat, _args, { loaders }) => loaders.permissions(chat.id),
    }),
  }),
});

const isOfTwo = ({ kind }: ChatRow) => kind === 'DIRECT' || kind === 'RELATION';

const titleOf = async (chat: ChatRow, viewer: Viewer, loaders: Loaders): Promise<string> => {
  if (chat.name !== null) return chat.name;
  if (isOfTwo(chat)) return titleOfPair(viewer, await loaders.pair(chat.id));
  return chat.kind === 'MATCH' ? titleOfMatch(viewer, await loaders.brands(chat.id)) : '';
};

const ChatEdge = builder.edgeObject({ type: Chat, name: 'ChatEdge', description: 'A chat on a page.' });
const ChatConnection = builder.connectionObject(
  { type: Chat, name: 'ChatConnection', description: 'A page of chats.' },
  ChatEdge,
);

const ChatScope = builder.enumType('ChatScope', {
  description: 'Which chats a list is of.',
  values: {
    MINE: { description: 'Those that the viewer is a member of, by `activityAt`, newest first.' },
    ALL: {
      description: 'For administrators: every chat that they may view, newest made first. For others it is MINE.',
    },
  } as const,
});

builder.queryField('chats', (t) =>
  t.field({
    authScopes: { signedIn: true },
    description:
      "The viewer's chats by `activityAt`, newest first. `scope: ALL` is for administrators: every chat that they may view, " +
      'newest made first; for others it is MINE.',
    type: ChatConnection,
    nullable: true,
    args: {
      scope: t.arg({ type: ChatScope, required: false, defaultValue: 'MINE', description: 'Which chats.' }),
      kind: t.arg({ type: ChatKind, required: false, description: 'Only those of this kind.' }),
      ...pageArgs,
    },
    resolve: (_root, { scope, kind, ...page }, { viewer, services }) =>
      services.chats.list(viewer!, { scope: scope ?? 'MINE', kind }, page),
  }),
);

builder.queryField('chat', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'A chat by exactly one of the three; otherwise BAD_USER_INPUT.',
    type: Chat,
    nullable: true,
    args: {
      id: t.arg.id({ required: false, description: "The chat's id." }),
      slug: t.arg.string({ required: false, description: 'Its short name.' }),
      orderRef: t.arg.string({ required: false, description: "Its order's reference." }),
    },
    resolve: (_root, args, { viewer, services }) => {
      const reference = referenceOf(args);
      return reference && services.chats.find(viewer, reference);
    },
  }),
);

type Given = string | null | undefined;

/** @returns null where the id did not decode */
const referenceOf = ({ id, slug, orderRef }: { id?: Given; slug?: Given; orderRef?: Given }): ChatReference | null => {
  const given = [id, slug, orderRef].filter((one) => one !== null && one !== undefined);
  if (given.length !== 1) throw new BadUserInputError('Give exactly one of id, slug and orderRef');
  if (typeof slug === 'string') return { slug };
  if (typeof orderRef === 'string') return { orderRef };
  const chatId = decodeRowId('Chat', given[0]!);
  return chatId === null ? null : { id: chatId };
};

builder.queryField('unreadCount', (t) =>
  t.withAuth({ signedIn: true }).int({
    description: "Unread messages over all of the viewer's chats.",
    nullable: true,
    resolve: (_root, _args, { viewer, services }) => services.chats.unreadTotal(viewer),
  }),
);
