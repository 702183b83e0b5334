/** What administrators do to accounts. */
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { UserRow } from '../domain/users.js';
import { builder } from './builder.js';
import { decodeRowId } from './global-id.js';
import { Role, User } from './user.js';

const successWithUser = (name: string, description: string) =>
  builder.objectRef<{ user: UserRow }>(name).implement({
    description,
    fields: (t) => ({ user: t.expose('user', { type: User, description: 'As they are with that.' }) }),
  });

const errors = { types: [NotFoundError, ForbiddenError, InvalidInputError] };

builder.mutationField('setUserRole', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Sets what a user may do beyond their own chats; open sockets and subscriptions follow within 5 s. For administrators, of whom ' +
      'the last one stays.',
    type: successWithUser('SetUserRoleSuccess', 'The user has this role, or had it already.'),
    nullable: true,
    argOptions: { description: 'Whose role, and which.' },
    typeOptions: { description: 'Whose role, and which.' },
    input: {
      userId: t.input.id({ description: 'The user.' }),
      role: t.input.field({ type: Role, description: 'What they may do from now on.' }),
    },
    errors,
    resolve: async (_root, { input: { userId, role } }, { viewer, services }) => ({
      user: await services.userAdministration.setRole(viewer, decodeRowId('User', userId), role),
    }),
  }),
);

builder.mutationField('setUserActive', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Deactivates an account, or lets it be used again. Deactivated, it loses every session and socket within 5 s and keeps its ' +
      'messages and memberships. For administrators, of whom the last one stays.',
    type: successWithUser('SetUserActiveSuccess', 'The account can be used, or cannot, as was asked.'),
    nullable: true,
    argOptions: { description: 'Whose account, and whether it may be used.' },
    typeOptions: { description: 'Whose account, and whether it may be used.' },
    input: {
      userId: t.input.id({ description: 'The user.' }),
      isActive: t.input.boolean({ description: 'Whether the account may be used.' }),
    },
    errors,
    resolve: async (_root, { input: { userId, isActive } }, { viewer, services }) => ({
      user: await services.userAdministration.setActive(viewer, decodeRowId('User', userId), isActive),
    }),
  }),
);
