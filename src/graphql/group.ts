/** Groups by people: what they are about, who may join them, and the roles of their members. */
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
} from '../domain/errors.js';
import type { MemberRow } from '../domain/chats/member-row.js';
import type { ChatRow } from '../log/event.js';
import { builder } from './builder.js';
import { ChatAccess } from './chat-access.js';
import { ChatMember, ChatRole } from './chat-member.js';
import { successWithChat } from './chat-success.js';
import { Chat, ChatConnection } from './chat.js';
import { decodeRowId } from './global-id.js';
import { pageArgs } from './pages.js';

builder.objectFields(Chat, (t) => ({
  description: t.string({
    nullable: true,
    description: 'What it is about; it may have several lines. Null if nobody said so.',
    resolve: (chat, _args, { loaders }) => loaders.description(chat.id),
  }),
  access: t.expose('access', { type: ChatAccess, description: 'Who becomes a member.' }),
}));

builder.queryField('openChats', (t) =>
  t.field({
    authScopes: { signedIn: true },
    description:
      'Open groups that are not closed, by name. Users who are not members see their name, description, `memberCount` and when they were ' +
      'created; everything else is as in a new chat. Join one with `joinChat`.',
    type: ChatConnection,
    nullable: true,
    args: {
      search: t.arg.string({
        required: false,
        description:
          'Each of its words must be found in the name, without regard to case and accents. At most 200 characters.',
      }),
      ...pageArgs,
    },
    resolve: (_root, { search, ...page }, { viewer, services }) => services.chats.listOpen(viewer!, search, page),
  }),
);

builder.mutationField('joinChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Makes the viewer a member of an OPEN group, who can then read the whole log. Idempotent. At most JOINS_PER_MINUTE.',
    type: successWithChat('JoinChatSuccess', 'The viewer is a member.'),
    nullable: true,
    argOptions: { description: 'The group to join.' },
    typeOptions: { description: 'The group to join.' },
    input: { chatId: t.input.id({ description: 'An OPEN group.' }) },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, RateLimitedError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      chat: await services.members.join(viewer, decodeRowId('Chat', input.chatId)),
    }),
  }),
);

const SetChatMemberRoleSuccess = builder
  .objectRef<{ chat: ChatRow; member: MemberRow }>('SetChatMemberRoleSuccess')
  .implement({
    description: 'The member has this role, or had it already.',
    fields: (t) => ({
      chat: t.field({ type: Chat, description: 'The chat after this change.', resolve: ({ chat }) => chat }),
      member: t.field({ type: ChatMember, description: 'The member.', resolve: ({ member }) => member }),
    }),
  });

builder.mutationField('setChatMemberRole', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Gives a member of a group a role. For its owners, and for administrators. Idempotent. The last owner stays one until there is another.',
    type: SetChatMemberRoleSuccess,
    nullable: true,
    argOptions: { description: 'The member, and the role.' },
    typeOptions: { description: 'The member, and the role.' },
    input: {
      chatId: t.input.id({ description: 'The group.' }),
      userId: t.input.id({ description: 'A member.' }),
      role: t.input.field({ type: ChatRole, description: 'The role to have.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, InvalidInputError, RateLimitedError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.members.setRole(
        viewer,
        decodeRowId('Chat', input.chatId),
        decodeRowId('User', input.userId),
        input.role,
      ),
  }),
);
