/** `viewer`, which answers anonymous viewers too. */
import { builder } from './builder.js';
import { User } from './user.js';

builder.queryField('viewer', (t) =>
  t.prismaField({
    description: 'The signed-in user; null if anonymous.',
    type: User,
    nullable: true,
    resolve: (query, _root, _args, { viewer, prisma }) =>
      viewer && prisma.user.findUnique({ ...query, where: { id: viewer.id } }),
  }),
);
