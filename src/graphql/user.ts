/**
 * Users. Pothos' Prisma plugin reads the fields that messages and members do not carry, such as the e-mail address: for a whole page
 * in one statement, and only if selected. The other fields must not be left to it: it would read them again for every event.
 * Nothing else here uses Prisma: the domain's rules decide what may be seen of a chat, and they do so in SQL.
 */
import { BadUserInputError } from '../domain/bad-user-input.js';
import { metadataOf } from '../domain/metadata.js';
import { emailOf, externalIdOf } from '../domain/accounts/users.js';
import { isStaff } from '../domain/viewer.js';
import { Role as PrismaRole } from '../generated/prisma/enums.js';
import { builder } from './builder.js';
import { decodeRowId } from './global-id.js';
import { EventContext } from './event-context.js';
import { nodeId } from './node-id.js';
import { pageArgs } from './pages.js';

export const Role = builder.enumType('Role', {
  description: 'What a user may do beyond their own chats.',
  values: {
    [PrismaRole.USER]: { description: 'Writes in the chats they are a member of.' },
    [PrismaRole.MANAGER]: { description: 'Looks after clients.' },
    [PrismaRole.ADMIN]: {
      description: 'Creates groups, adds and removes members, sees every chat except other people’s direct chats.',
    },
  } as const,
});

export const User = builder.prismaObject('User', {
  description: 'A person with an account. Deactivated users remain, and so do their messages.',
  interfaces: [builder.nodeInterfaceRef()],
  select: { id: true, username: true, firstName: true, lastName: true, role: true, createdAt: true, avatar: true },
  fields: (t) => ({
    id: t.id(nodeId('User', ({ id }: { id: bigint }) => String(id))),
    username: t.string({ description: 'Unique, ignoring case.', resolve: ({ username }) => username }),
    firstName: t.string({ description: 'May be empty.', resolve: ({ firstName }) => firstName }),
    lastName: t.string({ description: 'May be empty.', resolve: ({ lastName }) => lastName }),
    email: t.string({
      description: 'Visible to the user themselves, managers and administrators; otherwise null.',
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
        'Their ID in the product that signs its own tokens. Visible to the user themselves, managers and administrators; otherwise null.',
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
      description: 'Set by administrators. Readable by everyone who can see the user and is signed in.',
      select: { metadata: true },
      // Whoever follows events is signed in: asking who it is would keep their answers from being shared.
      resolve: ({ metadata }, _args, ctx) =>
        ctx instanceof EventContext || ctx.viewer !== null || ctx.signedIn !== null ? metadataOf(metadata) : {},
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the account was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
  }),
});

const UserEdge = builder.edgeObject({ type: User, name: 'UserEdge', description: 'A user on a page.' });
export const UserConnection = builder.connectionObject(
  { type: User, name: 'UserConnection', description: 'A page of users.' },
  UserEdge,
);

builder.queryField('user', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'A user by exactly one of the three arguments; otherwise BAD_USER_INPUT.',
    type: User,
    nullable: true,
    args: {
      id: t.arg.id({ required: false, description: "The user's id." }),
      username: t.arg.string({ required: false, description: 'In any letter case.' }),
      externalId: t.arg.id({
        required: false,
        description:
          'Their ID in the product that signs its own tokens. Staff can find everyone by it, others only themselves.',
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
    description: 'Users, ordered by username.',
    type: UserConnection,
    nullable: true,
    args: {
      search: t.arg.string({
        required: false,
        description:
          'Each of its words must occur in the username, first or last name, ignoring case and accents; empty finds everyone. For ' +
          'managers and administrators, a search with an @ also matches e-mail addresses. At most 200 characters.',
      }),
      isActive: t.arg.boolean({
        required: false,
        defaultValue: true,
        description: '`false` lists deactivated users, for administrators only; others get an empty list.',
      }),
      ...pageArgs,
    },
    resolve: (_root, args, { services, viewer }) => services.users.search(viewer!, args),
  }),
);
