/** Blocking other people. */
import type { UserRow } from '../domain/accounts/users.js';
import { InvalidInputError, NotFoundError, RateLimitedError } from '../domain/errors.js';
import { builder } from './builder.js';
import { decodeRowId } from './global-id.js';
import { pageArgs } from './pages.js';
import { User, UserConnection } from './user.js';

builder.prismaObjectField(User, 'isBlocked', (t) =>
  t.boolean({
    description: 'Whether the viewer has blocked them. Nobody else is told.',
    // Somebody who signs in just now has blocked nobody whom the answer names.
    resolve: ({ id }, _args, { loaders, viewer }) =>
      viewer === null || viewer.id === id ? false : loaders.isBlocked(id),
  }),
);

builder.queryField('blockedUsers', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'Whom the viewer has blocked, in the order in which their accounts were created.',
    type: UserConnection,
    nullable: true,
    args: pageArgs,
    resolve: (_root, page, { services, viewer }) => services.blocks.list(viewer, page),
  }),
);

const BlockUserSuccess = builder.objectRef<{ user: UserRow }>('BlockUserSuccess').implement({
  description: 'The user is blocked.',
  fields: (t) => ({
    user: t.field({ type: User, description: 'Whom the viewer has blocked.', resolve: ({ user }) => user }),
  }),
});

const UnblockUserSuccess = builder.objectRef<{ user: UserRow }>('UnblockUserSuccess').implement({
  description: 'The viewer does not block the user.',
  fields: (t) => ({ user: t.field({ type: User, description: 'The user.', resolve: ({ user }) => user }) }),
});

builder.mutationField('blockUser', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Blocks a user: while it lasts, neither of the two can write, edit, react, type or pin in their direct chat, or open it. Both can read ' +
      'it, and delete their own messages. Other chats stay as they are. The other is not told. Idempotent. At most 10,000.',
    type: BlockUserSuccess,
    nullable: true,
    argOptions: { description: 'Whom to block.' },
    typeOptions: { description: 'Whom to block.' },
    input: { userId: t.input.id({ description: 'The user.' }) },
    errors: { types: [NotFoundError, InvalidInputError, RateLimitedError] },
    resolve: async (_root, { input }, { services, viewer }) => ({
      user: await services.blocks.block(viewer, decodeRowId('User', input.userId)),
    }),
  }),
);

builder.mutationField('unblockUser', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Takes the viewer's block of a user back. Idempotent. The other is not told.",
    type: UnblockUserSuccess,
    nullable: true,
    argOptions: { description: 'Whom to block no longer.' },
    typeOptions: { description: 'Whom to block no longer.' },
    input: { userId: t.input.id({ description: 'The user.' }) },
    errors: { types: [NotFoundError, RateLimitedError] },
    resolve: async (_root, { input }, { services, viewer }) => ({
      user: await services.blocks.unblock(viewer, decodeRowId('User', input.userId)),
    }),
  }),
);
