/** Chats, as the viewer sees them. Fields that depend on the viewer check their current rights when they run. */
import { BadUserInputError } from '../domain/bad-user-input.js';
import type { ChatPermissions as Permissions, ChatReference } from '../domain/chats/chat-reads.js';
import { peerOf, titleOfMatch, titleOfPair } from '../domain/chats/chat-titles.js';
import type { Viewer } from '../domain/viewer.js';
import { ChatKind as PrismaChatKind } from '../generated/prisma/enums.js';
import { encodeCursor } from '../log/cursor.js';
import type { ChatRow } from '../log/event.js';
import { builder } from './builder.js';
import { nodeId } from './node-id.js';
import { ChatMember, ChatMemberConnection } from './chat-member.js';
import { decodeRowId } from './global-id.js';
import type { Loaders } from './loaders.js';
import { Message, MessageConnection } from './message.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

export const ChatKind = builder.enumType('ChatKind', {
  description: 'The kind of a chat: it determines who is in it and who may do what.',
  values: {
    [PrismaChatKind.GROUP]: {
      description:
        'A group: administrators, its owners and moderators add and remove members; members may leave. An OPEN one is joined by everyone.',
    },
    [PrismaChatKind.DIRECT]: {
      description: 'Two users; one per pair. Everyone may open one unless DIRECT_CHATS restricts it.',
    },
    [PrismaChatKind.RELATION]: { description: 'A manager and a client, connected by a Relation.' },
    [PrismaChatKind.MATCH]: { description: 'The owners of two matched brands.' },
    [PrismaChatKind.ORDER]: { description: 'About one order; found by its reference.' },
  } as const,
});

const ChatPermissions = builder.objectRef<Permissions>('ChatPermissions').implement({
  description: 'What the viewer may do in a chat now.',
  fields: (t) => ({
    canSend: t.exposeBoolean('canSend', { description: 'Send messages, and edit their own.' }),
    canReact: t.exposeBoolean('canReact', { description: 'React to messages.' }),
    canPin: t.exposeBoolean('canPin', { description: 'Pin messages, and unpin them.' }),
    canMentionEveryone: t.exposeBoolean('canMentionEveryone', { description: 'Send messages that mention everyone.' }),
    canInvite: t.exposeBoolean('canInvite', { description: 'Make invites, and see and revoke them.' }),
    canDeleteOthers: t.exposeBoolean('canDeleteOthers', { description: "Delete other people's messages." }),
    canManageMembers: t.exposeBoolean('canManageMembers', { description: 'Add and remove members.' }),
    canRename: t.exposeBoolean('canRename', {
      description: 'Change its name, its slug, its description and who becomes a member.',
    }),
    canClose: t.exposeBoolean('canClose', { description: 'Close it, and reopen it.' }),
    canLeave: t.exposeBoolean('canLeave', { description: 'End their own membership.' }),
    canMarkRead: t.exposeBoolean('canMarkRead', { description: 'Move their own read position.' }),
  }),
});

export const Chat = builder.objectRef<ChatRow>('Chat');

Chat.implement({
  description: 'A conversation: a log of numbered events.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('Chat', ({ id }) => String(id))),
    kind: t.expose('kind', { type: ChatKind, description: 'The kind of chat.' }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'Always set for GROUP and ORDER chats; may be null for others.',
    }),
    title: t.string({
      description:
        "The title to show in the viewer's list: the chat's name; without one, in a chat of two the other person's first and last name " +
        "or else username, in a match the other brand's name. Viewers who are neither of the two get both names. Empty if the viewer " +
        'can no longer see the chat.',
      resolve: (chat, _args, { loaders, viewer }) => titleOf(chat, viewer!, loaders),
    }),
    peer: t.field({
      type: User,
      nullable: true,
      description: 'The other person in a chat of two; null in other chats, and if the viewer is not in it.',
      resolve: async (chat, _args, { loaders, viewer }) =>
        isOfTwo(chat) ? peerOf(viewer!, await loaders.pair(chat.id)) : null,
    }),
    slug: t.exposeString('slug', {
      nullable: true,
      description: 'Unique short name by which the chat can be found (`chat(slug:)`).',
    }),
    orderRef: t.exposeString('orderRef', {
      nullable: true,
      description: 'The reference of its order; null for other kinds of chat.',
    }),
    members: t.field({
      type: ChatMemberConnection,
      description: 'The members, in the order in which their accounts were created.',
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
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    activityAt: t.expose('activityAt', {
      type: 'DateTime',
      description:
        'When its newest message was sent, even if deleted since; without messages, when the chat was created. Nothing else moves a ' +
        'chat in the list.',
    }),
    closedAt: t.expose('closedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was closed; null while open. A closed chat is read-only.',
    }),
    messages: t.field({
      type: MessageConnection,
      description: 'Oldest first, deleted ones as tombstones. Without `first` and `last`, the newest 50.',
      args: pageArgs,
      resolve: (chat, page, { loaders }) => loaders.messages(chat.id, page),
    }),
    lastMessage: t.field({
      type: Message,
      nullable: true,
      description: 'The newest message that is not deleted.',
      resolve: (chat, _args, { loaders }) => loaders.lastMessage(chat.id),
    }),
    unreadCount: t.int({
      description:
        "Messages by others after the viewer's read position, not counting deleted ones; 0 if the viewer is not a member.",
      resolve: (chat, _args, { loaders }) => loaders.unreadCount(chat.id),
    }),
    unreadMentionCount: t.int({
      description: 'Unread messages by others that mention the viewer, or everyone. 0 if the viewer is not a member.',
      resolve: (chat, _args, { loaders }) => loaders.unreadMentionCount(chat.id),
    }),
    firstUnreadMessage: t.field({
      type: Message,
      nullable: true,
      description: 'The oldest message that `unreadCount` counts; null if everything is read.',
      resolve: (chat, _args, { loaders }) => loaders.firstUnreadMessage(chat.id),
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Data that client programs store with the chat. Readable by everyone who can see the chat.',
      resolve: (chat, _args, { loaders }) => loaders.metadata(chat.id),
    }),
    headSeq: t.exposeInt('headSeq', { description: 'The `seq` of the newest durable event; 0 in a new chat.' }),
    cursor: t.field({
      type: 'Cursor',
      description:
        "Resuming from here misses nothing that happened after this answer was read: the cursor comes from the chat's row as first " +
        'loaded, never from a later query than the fields next to it. They may be newer than the cursor, so apply replayed events by id.',
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
export const ChatConnection = builder.connectionObject(
  { type: Chat, name: 'ChatConnection', description: 'A page of chats.' },
  ChatEdge,
);

const ChatScope = builder.enumType('ChatScope', {
  description: 'Which chats to list.',
  values: {
    MINE: { description: 'Chats the viewer is a member of: pinned ones first, then by `activityAt`, newest first.' },
    ALL: {
      description:
        'For administrators: every chat that they may see, most recently created first. For others the same as MINE.',
    },
  } as const,
});

builder.queryField('chats', (t) =>
  t.field({
    authScopes: { signedIn: true },
    description:
      "The viewer's chats that are not archived: pinned ones first, then by `activityAt`, newest first. `scope: ALL` is for administrators: every chat that they may see, most " +
      'recently created first; for others it is the same as MINE.',
    type: ChatConnection,
    nullable: true,
    args: {
      scope: t.arg({ type: ChatScope, required: false, defaultValue: 'MINE', description: 'Which chats.' }),
      kind: t.arg({ type: ChatKind, required: false, description: 'Only chats of this kind.' }),
      archived: t.arg.boolean({
        required: false,
        defaultValue: false,
        description: 'Only chats that the viewer has archived; otherwise only others. With ALL it means nothing.',
      }),
      unreadOnly: t.arg.boolean({
        required: false,
        defaultValue: false,
        description: 'Only chats with unread messages, or marked as unread.',
      }),
      search: t.arg.string({
        required: false,
        description:
          'Only chats in whose name each of its words is found, without regard to case and accents; of a chat of two without a name, in the ' +
          "other person's names. At most 200 characters.",
      }),
      ...pageArgs,
    },
    resolve: (_root, { scope, kind, archived, unreadOnly, search, ...page }, { viewer, services }) => {
      const list = { scope: scope ?? ('MINE' as const), kind, isArchived: archived, isUnread: unreadOnly, search };
      return services.chats.list(viewer!, list, page);
    },
  }),
);

builder.queryField('chat', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'A chat by exactly one of the three arguments; otherwise BAD_USER_INPUT.',
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

/** @returns null if the id did not decode */
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
    description: "Unread messages in all of the viewer's chats.",
    nullable: true,
    resolve: (_root, _args, { viewer, services }) => services.chats.unreadTotal(viewer),
  }),
);

builder.queryField('unreadMentionCount', (t) =>
  t.withAuth({ signedIn: true }).int({
    description: "Unread messages in all of the viewer's chats that mention them, or everyone.",
    nullable: true,
    resolve: (_root, _args, { viewer, services }) => services.mentionReads.unreadTotal(viewer),
  }),
);
