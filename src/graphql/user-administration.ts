/** Account administration, by administrators and by the programs of products. */
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { RefusedUser, UpsertedUsers } from '../domain/accounts/upsert-users.js';
import type { UserToken } from '../domain/accounts/user-tokens.js';
import type { UserRow } from '../domain/accounts/users.js';
import { builder } from './builder.js';
import { OF_A_LIST } from './complexity.js';
import { InvalidFieldType } from './errors.js';
import { decodeNewAvatar, decodeRowId } from './global-id.js';
import { Role, User } from './user.js';

const DEFAULT_MINUTES = 15;

const successWithUser = (name: string, description: string) =>
  builder.objectRef<{ user: UserRow }>(name).implement({
    description,
    fields: (t) => ({ user: t.expose('user', { type: User, description: 'The user after this change.' }) }),
  });

const errors = { types: [NotFoundError, ForbiddenError, InvalidInputError] };

builder.mutationField('setUserRole', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      "Sets a user's role. Open sockets and subscriptions follow within 5 s. For administrators; the last one cannot be demoted.",
    type: successWithUser('SetUserRoleSuccess', 'The user has this role, or had it already.'),
    nullable: true,
    argOptions: { description: 'The user and their new role.' },
    typeOptions: { description: 'The user and their new role.' },
    input: {
      userId: t.input.id({ description: 'The user.' }),
      role: t.input.field({ type: Role, description: 'Their new role.' }),
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
      'Deactivates or reactivates an account. A deactivated account loses every session and socket within 5 s and keeps its messages ' +
      'and memberships. For administrators; the last one cannot be deactivated.',
    type: successWithUser('SetUserActiveSuccess', 'The account is active or deactivated, as requested.'),
    nullable: true,
    argOptions: { description: 'The user, and whether their account is active.' },
    typeOptions: { description: 'The user, and whether their account is active.' },
    input: {
      userId: t.input.id({ description: 'The user.' }),
      isActive: t.input.boolean({ description: 'True reactivates the account, false deactivates it.' }),
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
      description: 'Send it as `Authorization: Bearer …`. `renewConnection` accepts the next one of the same user.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it expires.' }),
    user: t.expose('user', { type: User, description: 'The user it authenticates.' }),
  }),
});

builder.mutationField('createUserToken', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Issues an access token for a user, for products that sign no tokens of their own. Administrators may issue one, but not for an ' +
      'administrator. The token has no session: it cannot administer, change a password or create API tokens. It stops working when ' +
      'the user is deactivated or becomes an administrator.',
    type: CreateUserTokenSuccess,
    nullable: true,
    argOptions: { description: 'The user, and how long the token lasts.' },
    typeOptions: { description: 'The user, and how long the token lasts.' },
    input: {
      userId: t.input.id({ description: 'An active user.' }),
      minutes: t.input.int({
        required: false,
        defaultValue: 15,
        description: 'How long it lasts, in minutes (1 to 1,440).',
      }),
    },
    errors: { types: [ForbiddenError, InvalidInputError, NotFoundError] },
    resolve: (_root, { input: { userId, minutes } }, { viewer, services }) =>
      services.userTokens.issue(viewer, decodeRowId('User', userId), minutes ?? DEFAULT_MINUTES),
  }),
);

const RefusedUserType = builder.objectRef<RefusedUser>('RefusedUser').implement({
  description: 'A user that was neither created nor updated.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its index in the input, from 0.' }),
    fields: t.expose('fields', { type: [InvalidFieldType], description: 'Everything that is wrong with it.' }),
  }),
});

const UpsertUsersSuccess = builder.objectRef<UpsertedUsers>('UpsertUsersSuccess').implement({
  description: 'Each user was created, updated or refused independently.',
  fields: (t) => ({
    users: t.expose('users', {
      type: [User],
      complexity: OF_A_LIST,
      description: 'The users after this change, in input order, without the refused ones.',
    }),
    refused: t.expose('refused', { type: [RefusedUserType], description: 'The refused users, and why.' }),
  }),
});

const UserUpsertInput = builder.inputType('UserUpsert', {
  description:
    'Give exactly one of `externalId` (creates the user if none has it) and `id` (must exist). Absent fields are left unchanged; ' +
    'null clears `email`, `firstName`, `lastName`, `metadata` and the picture.',
  fields: (t) => ({
    externalId: t.id({ required: false, description: 'Their ID in the product: 1 to 255 characters.' }),
    id: t.id({ required: false, description: 'Their ID on this server.' }),
    username: t.string({
      required: false,
      description: 'As in `register`; a new user without one gets a name derived from `externalId`.',
    }),
    email: t.string({ required: false, description: 'As in `register`; must not belong to another user.' }),
    firstName: t.string({ required: false, description: 'As in `register`.' }),
    lastName: t.string({ required: false, description: 'As in `register`.' }),
    role: t.field({
      type: Role,
      required: false,
      description: 'As in `setUserRole`; defaults to USER for a new user.',
    }),
    isActive: t.boolean({ required: false, description: 'As in `setUserActive`; defaults to true for a new user.' }),
    avatarUploadId: t.id({
      required: false,
      description: "An upload of the administrator's for an AVATAR, whose bytes are stored.",
    }),
    metadata: t.field({
      type: 'JSONObject',
      required: false,
      description: 'Replaces all existing metadata. Readable by everyone who can see the user.',
    }),
  }),
});

builder.mutationField('upsertUsers', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Creates or updates up to 100 users by `externalId`, or updates them by `id`. For administrators. Each user succeeds or fails ' +
      'independently; absent fields are left unchanged. Idempotent.',
    type: UpsertUsersSuccess,
    nullable: true,
    argOptions: { description: 'The users to create or update.' },
    typeOptions: { description: 'The users to create or update.' },
    input: { users: t.input.field({ type: [UserUpsertInput], description: '1 to 100, each user at most once.' }) },
    errors: { types: [ForbiddenError, InvalidInputError] },
    resolve: (_root, { input: { users } }, { viewer, services }) =>
      services.userUpserts.upsert(
        viewer,
        users.map(({ id, avatarUploadId, ...user }) => ({
          ...user,
          ...(isGiven(id) && { id: decodeRowId('User', id) }),
          avatarUploadId: decodeNewAvatar(avatarUploadId),
        })),
      ),
  }),
);

const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;
