/** Members of chats. */
import type { MemberRow } from '../domain/chats/member-row.js';
import { ChatRole as PrismaChatRole } from '../generated/prisma/enums.js';
import { builder } from './builder.js';
import { nodeId } from './node-id.js';
import { memberKeyText } from './global-id.js';
import { User } from './user.js';

export const ChatRole = builder.enumType('ChatRole', {
  description: 'The role of a member in a group. In other kinds of chat everybody is a MEMBER.',
  values: {
    [PrismaChatRole.OWNER]: {
      description: 'Manages the group as a MODERATOR, and also changes roles, removes owners, closes and reopens it.',
    },
    [PrismaChatRole.MODERATOR]: {
      description:
        "Manages the group as administrators do: renames it, adds and removes members, deletes others' messages, pins, mentions everyone, invites.",
    },
    [PrismaChatRole.MEMBER]: { description: 'Reads and writes.' },
  } as const,
});

export const ChatMember = builder.objectRef<MemberRow>('ChatMember');

ChatMember.implement({
  description: "A user's membership of a chat, from being added to being removed.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('ChatMember', memberKeyText)),
    user: t.field({ type: User, description: 'The user.', resolve: ({ user }) => user }),
    role: t.expose('role', { type: ChatRole, description: 'Their role in the chat.' }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime', description: 'When they were added.' }),
    lastReadSeq: t.exposeInt('lastReadSeq', {
      description:
        'The read position: everything up to this `seq` is read. Starts at the head when they are added and only moves forward.',
    }),
  }),
});

const ChatMemberEdge = builder.edgeObject({
  type: ChatMember,
  name: 'ChatMemberEdge',
  description: 'A member on a page.',
});
export const ChatMemberConnection = builder.connectionObject(
  { type: ChatMember, name: 'ChatMemberConnection', description: 'A page of members.' },
  ChatMemberEdge,
);
