/** What administrators, and the programs of products, do to accounts. */
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { RefusedUser, UpsertedUsers } from '../domain/accounts/upsert-users.js';
import type { UserToken } from '../domain/accounts/user-tokens.js';
import type { UserRow } from '../domain/accounts/users.js';
import { builder } from './builder.js';
import { OF_A_LIST } from './complexity.js';
import { InvalidFieldType } from './errors.js';
import { decodeRowId } from './global-id.js';
import { Role, User } from './user.js';

const DEFAULT_MINUTES = 15;

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

const CreateUserTokenSuccess = builder.objectRef<UserToken>('CreateUserTokenSuccess').implement({
  description: 'The token was issued.',
  fields: (t) => ({
    accessToken: t.exposeString('accessToken', {
      description: 'To be sent as `Authorization: Bearer …`. `renewConnection` takes the next one of the same user.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when it is good.' }),
    user: t.expose('user', { type: User, description: 'Whom it makes one.' }),
  }),
});

builder.mutationField('createUserToken', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'An access token for a user, for products that sign none of their own. For administrators, and for users who are none. ' +
      'There is no session with it: nobody administers, changes a password or makes API tokens by it. It ends where the user is ' +
      'deactivated, or becomes an administrator.',
    type: CreateUserTokenSuccess,
    nullable: true,
    argOptions: { description: 'For whom, and for how long.' },
    typeOptions: { description: 'For whom, and for how long.' },
    input: {
      userId: t.input.id({ description: 'An active user.' }),
      minutes: t.input.int({ required: false, defaultValue: 15, description: '1 to 1,440.' }),
    },
    errors: { types: [ForbiddenError, InvalidInputError, NotFoundError] },
    resolve: (_root, { input: { userId, minutes } }, { viewer, services }) =>
      services.userTokens.issue(viewer, decodeRowId('User', userId), minutes ?? DEFAULT_MINUTES),
  }),
);

const RefusedUserType = builder.objectRef<RefusedUser>('RefusedUser').implement({
  description: 'A user that was neither made nor changed.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its place in the input, from 0.' }),
    fields: t.expose('fields', { type: [InvalidFieldType], description: 'Everything that is wrong with it.' }),
  }),
});

const UpsertUsersSuccess = builder.objectRef<UpsertedUsers>('UpsertUsersSuccess').implement({
  description: 'Each was answered by itself.',
  fields: (t) => ({
    users: t.expose('users', {
      type: [User],
      complexity: OF_A_LIST,
      description: 'As they are with that, in the order of the input; without those that were refused.',
    }),
    refused: t.expose('refused', { type: [RefusedUserType], description: 'The others, and why.' }),
  }),
});

const UserUpsertInput = builder.inputType('UserUpsert', {
  description:
    'Exactly one of `externalId` (made where there is none) and `id` (must be there). Absent fields stay; null clears `email`, ' +
    '`firstName`, `lastName` and `metadata`.',
  fields: (t) => ({
    externalId: t.id({ required: false, description: 'Their ID in the product: 1 to 255 characters.' }),
    id: t.id({ required: false, description: 'Their ID here.' }),
    username: t.string({
      required: false,
      description: 'As in `register`; a new user without one is called by their ID.',
    }),
    email: t.string({ required: false, description: 'As in `register`; nobody else may have it.' }),
    firstName: t.string({ required: false, description: 'As in `register`.' }),
    lastName: t.string({ required: false, description: 'As in `register`.' }),
    role: t.field({ type: Role, required: false, description: 'As `setUserRole` does it; USER for a new user.' }),
    isActive: t.boolean({ required: false, description: 'As `setUserActive` does it; true for a new user.' }),
    metadata: t.field({
      type: 'JSONObject',
      required: false,
      description: 'In place of all that there was; everyone who sees the user reads it.',
    }),
  }),
});

builder.mutationField('upsertUsers', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Creates or updates up to 100 users by `externalId`, or updates them by `id`. For administrators. Each is answered by itself; ' +
      'absent fields stay. Idempotent.',
    type: UpsertUsersSuccess,
    nullable: true,
    argOptions: { description: 'Who they are.' },
    typeOptions: { description: 'Who they are.' },
    input: { users: t.input.field({ type: [UserUpsertInput], description: '1 to 100; the same one once.' }) },
    errors: { types: [ForbiddenError, InvalidInputError] },
    resolve: (_root, { input: { users } }, { viewer, services }) =>
      services.userUpserts.upsert(
        viewer,
        users.map(({ id, ...user }) => ({ ...user, ...(isGiven(id) && { id: decodeRowId('User', id) }) })),
      ),
  }),
);

const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;
