/** Users in chats. */
import { ChatClosedError, ForbiddenError, NotFoundError } from '../domain/errors.js';
import type { MemberRow } from '../domain/member-row.js';
import { builder } from './builder.js';
import { successWithMember } from './chat-success.js';
import { decodeRowId, encodeGlobalId, memberKeyText } from './global-id.js';
import { User } from './user.js';

export const ChatMember = builder.objectRef<MemberRow>('ChatMember');

builder.node(ChatMember, {
  description: 'A user in a chat, from being added to being removed.',
  id: { resolve: memberKeyText },
  fields: (t) => ({
    user: t.field({ type: User, description: 'Who.', resolve: ({ user }) => user }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime', description: 'When they were added.' }),
    lastReadSeq: t.exposeInt('lastReadSeq', {
      description: 'Everything up to this number is read. Starts at the head when they were added, only moves forward.',
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

builder.mutationField('addChatMember', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Adds a user, who then reads the whole log. Adding them twice changes nothing.',
    type: successWithMember('AddChatMemberSuccess', 'The user is a member.', 'The member.'),
    nullable: true,
    argOptions: { description: 'Whom to add where.' },
    typeOptions: { description: 'Whom to add where.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      userId: t.input.id({ description: 'An active user.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.members.add(viewer, decodeRowId('Chat', input.chatId), decodeRowId('User', input.userId)),
  }),
);

builder.mutationField('removeChatMember', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Removes a member: nothing that is numbered after their removal reaches them.',
    type: successWithMember('RemoveChatMemberSuccess', 'The user is no member any more.', 'Who was a member.'),
    nullable: true,
    argOptions: { description: 'Whom to remove where.' },
    typeOptions: { description: 'Whom to remove where.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      userId: t.input.id({ description: 'A member.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.members.remove(viewer, decodeRowId('Chat', input.chatId), decodeRowId('User', input.userId)),
  }),
);

const LeaveChatSuccess = builder.objectRef<{ chatId: bigint }>('LeaveChatSuccess').implement({
  description: 'The viewer is no member any more.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat that was left.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
  }),
});

builder.mutationField('leaveChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Ends the viewer's own membership.",
    type: LeaveChatSuccess,
    nullable: true,
    argOptions: { description: 'The chat to leave.' },
    typeOptions: { description: 'The chat to leave.' },
    input: { chatId: t.input.id({ description: 'The chat.' }) },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      chatId: await services.members.leave(viewer, decodeRowId('Chat', input.chatId)),
    }),
  }),
);
