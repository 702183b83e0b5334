/** Adding users to chats, and removing them. */
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
} from '../domain/errors.js';
import type { MembersAdded } from '../domain/chats/members.js';
import { builder } from './builder.js';
import { OF_A_LIST } from './complexity.js';
import { Chat } from './chat.js';
import { successWithMember } from './chat-success.js';
import { decodeRowId, encodeGlobalId } from './global-id.js';
import { User } from './user.js';

builder.mutationField('addChatMember', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Adds a user, who can then read the whole log. Idempotent.',
    type: successWithMember('AddChatMemberSuccess', 'The user is a member.', 'The member.'),
    nullable: true,
    argOptions: { description: 'The member to add.' },
    typeOptions: { description: 'The member to add.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      userId: t.input.id({ description: 'An active user.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, RateLimitedError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.members.add(viewer, decodeRowId('Chat', input.chatId), decodeRowId('User', input.userId)),
  }),
);

const AddChatMembersSuccess = builder.objectRef<MembersAdded>('AddChatMembersSuccess').implement({
  description: 'All of the users are members.',
  fields: (t) => ({
    chat: t.field({ type: Chat, description: 'The chat after this change.', resolve: ({ chat }) => chat }),
    added: t.field({
      type: [User],
      complexity: OF_A_LIST,
      description: 'The new members, in input order.',
      resolve: ({ added }) => added,
    }),
    unchanged: t.field({
      type: [User],
      complexity: OF_A_LIST,
      description: 'Those who were members already.',
      resolve: ({ unchanged }) => unchanged,
    }),
  }),
});

builder.mutationField('addChatMembers', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Adds 1 to 100 members at once: all of them, or none if one cannot be added. Each gets an event of their own, in input order. ' +
      'Idempotent.',
    type: AddChatMembersSuccess,
    nullable: true,
    argOptions: { description: 'The members to add.' },
    typeOptions: { description: 'The members to add.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      userIds: t.input.idList({ description: 'Active users; duplicates count once.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, InvalidInputError, RateLimitedError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.members.addAll(
        viewer,
        decodeRowId('Chat', input.chatId),
        input.userIds.map((id) => decodeRowId('User', id)),
      ),
  }),
);

builder.mutationField('removeChatMember', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Removes a member: they receive no event numbered after their removal. Owners of a group are removed by owners and administrators only.',
    type: successWithMember('RemoveChatMemberSuccess', 'The user is no longer a member.', 'The former member.'),
    nullable: true,
    argOptions: { description: 'The member to remove.' },
    typeOptions: { description: 'The member to remove.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      userId: t.input.id({ description: 'A member.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, RateLimitedError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.members.remove(viewer, decodeRowId('Chat', input.chatId), decodeRowId('User', input.userId)),
  }),
);

const LeaveChatSuccess = builder.objectRef<{ chatId: bigint }>('LeaveChatSuccess').implement({
  description: 'The viewer is no longer a member.',
  fields: (t) => ({
    chatId: t.id({ description: 'The chat that was left.', resolve: ({ chatId }) => encodeGlobalId('Chat', chatId) }),
  }),
});

builder.mutationField('leaveChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      "Ends the viewer's own membership. When the last owner of a group leaves, its oldest moderator becomes one, else its oldest member.",
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
