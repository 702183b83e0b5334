/** The one field that answers whoever asks, signed in or not. */
import { builder } from './builder.js';
import { User } from './user.js';

builder.queryField('viewer', (t) =>
  t.prismaField({
    description: 'Who is asking; null if nobody is signed in.',
    type: User,
    nullable: true,
    resolve: (query, _root, _args, { viewer, prisma }) =>
      viewer && prisma.user.findUnique({ ...query, where: { id: viewer.id } }),
  }),
);
