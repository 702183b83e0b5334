/**
 * People. Pothos' Prisma plugin reads their e-mail address, which does not come along with messages and members: for a whole page
 * in one statement, and only where it is asked for. The other fields must not be left to it, for it would read them anew for every
 * event. Nothing else here is Prisma's: what may be seen of a chat is for the rules to say, and they read it in SQL.
 */
import { BadUserInputError } from '../domain/bad-user-input.js';
import { metadataOf } from '../domain/metadata.js';
import { emailOf, externalIdOf } from '../domain/accounts/users.js';
import { isStaff } from '../domain/viewer.js';
import { Role as PrismaRole } from '../generated/prisma/enums.js';
import { builder } from './builder.js';
import { decodeRowId, encodeGlobalId } from './global-id.js';
import { pageArgs } from './pages.js';

export const Role = builder.enumType('Role', {
  description: 'What a user may do beyond their own chats.',
  values: {
    [PrismaRole.USER]: { description: 'Talks in the chats they are a member of.' },
    [PrismaRole.MANAGER]: { description: 'Looks after clients.' },
    [PrismaRole.ADMIN]: {
      description: 'Makes groups, adds and removes people, sees every chat but other people’s dialogs.',
    },
  } as const,
});

export const User = builder.prismaObject('User', {
  description: 'A person with an account. Deactivated ones stay: so do their messages.',
  interfaces: [builder.nodeInterfaceRef()],
  select: { id: true, username: true, firstName: true, lastName: true, role: true, createdAt: true },
  fields: (t) => ({
    id: t.id({
      description: 'Opaque, the same for ever, unique over all types.',
      resolve: ({ id }) => encodeGlobalId('User', id),
    }),
    username: t.string({ description: 'Unique without regard to case.', resolve: ({ username }) => username }),
    firstName: t.string({ description: 'May be empty.', resolve: ({ firstName }) => firstName }),
    lastName: t.string({ description: 'May be empty.', resolve: ({ lastName }) => lastName }),
    email: t.string({
      description: "The viewer's own, and anyone's for managers and administrators; otherwise null.",
      nullable: true,
      select: { email: true },
      resolve: (user, _args, { viewer, signedIn }) => {
        const asking = viewer ?? signedIn;
        return asking && emailOf(asking, user);
      },
    }),
    role: t.field({ type: Role, description: 'What they may do beyond their own chats.', resolve: ({ role }) => role }),
    isStaff: t.boolean({ description: 'True for managers and administrators.', resolve: isStaff }),
    externalId: t.id({
      description:
        'Their ID in the product that signs its own tokens. For the user, staff and API tokens with ADMIN; otherwise null.',
      nullable: true,
      select: { externalId: true },
      resolve: (user, _args, { viewer, signedIn }) => {
        const asking = viewer ?? signedIn;
        return asking && externalIdOf(asking, user);
      },
    }),
    isActive: t.boolean({
      description: 'False once deactivated.',
      select: { deactivatedAt: true },
      resolve: ({ deactivatedAt }) => deactivatedAt === null,
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Set by administrators; read by everyone who sees the user.',
      select: { metadata: true },
      resolve: ({ metadata }) => metadataOf(metadata),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the account was made.',
      resolve: ({ createdAt }) => createdAt,
    }),
  }),
});

const UserEdge = builder.edgeObject({ type: User, name: 'UserEdge', description: 'A user on a page.' });
const UserConnection = builder.connectionObject(
  { type: User, name: 'UserConnection', description: 'A page of users.' },
  UserEdge,
);

builder.queryField('user', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'A user by exactly one of the three; otherwise BAD_USER_INPUT.',
    type: User,
    nullable: true,
    args: {
      id: t.arg.id({ required: false, description: "The user's id." }),
      username: t.arg.string({ required: false, description: 'In any case.' }),
      externalId: t.arg.id({
        required: false,
        description: 'Their ID in the product that signs its own tokens: staff find everyone by it, others themselves.',
      }),
    },
    resolve: (_root, { id, username, externalId }, { loaders, services, viewer }) => {
      if ([id, username, externalId].filter(isGiven).length !== 1)
        throw new BadUserInputError('Give exactly one of id, username and externalId');
      if (isGiven(externalId)) return services.users.byExternalId(viewer, externalId);
      if (isGiven(username)) return services.users.byUsername(viewer, username);
      const userId = decodeRowId('User', id!);
      return userId === null ? null : loaders.user(userId);
    },
  }),
);

const isGiven = (value: string | null | undefined): value is string => value !== null && value !== undefined;

builder.queryField('users', (t) =>
  t.field({
    authScopes: { signedIn: true },
    description: 'Users by username.',
    type: UserConnection,
    nullable: true,
    args: {
      search: t.arg.string({
        required: false,
        description:
          'Each of its words is found anywhere in the username, first or last name, without regard to case and accents; empty finds ' +
          'everyone. One that holds an @ is for managers and administrators found in e-mail addresses too. At most 200 long.',
      }),
      isActive: t.arg.boolean({
        required: false,
        defaultValue: true,
        description: '`false` lists deactivated users, for administrators; others are given none.',
      }),
      ...pageArgs,
    },
    resolve: (_root, args, { services, viewer }) => services.users.search(viewer!, args),
  }),
);
