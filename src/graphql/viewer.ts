/** The one field that answers whoever asks, signed in or not. */
import { builder } from './builder.js';
import { User } from './user.js';

builder.queryField('viewer', (t) =>
  t.field({
    description: 'Who is asking; null if nobody is signed in.',
    type: User,
    nullable: true,
    resolve: (_root, _args, { viewer, loaders }) => viewer && loaders.user(viewer.id),
  }),
);
