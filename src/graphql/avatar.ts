/** Pictures of users and chats. */
import { builder } from './builder.js';
import { Chat } from './chat.js';
import { User } from './user.js';

const SIZE = 128;

const size = {
  required: false,
  defaultValue: SIZE,
  description: 'How large it is shown, in pixels: the smallest of 64, 128, 320 and 640 that is not below is taken.',
} as const;

const OF_A_LINK =
  'a square (WebP), for everybody who has the link; the same while the picture is. Null without one. Resolve it against the address of this API: ' +
  'without PUBLIC_URL it is a path.';

builder.prismaObjectField(User, 'avatarUrl', (t) =>
  t.string({
    nullable: true,
    description: `Their picture, ${OF_A_LINK}`,
    args: { size: t.arg.int(size) },
    // Users in events of a node that knows no pictures come without.
    resolve: ({ avatar }, args, { services }) => (avatar ? services.avatars.link(avatar, args.size ?? SIZE) : null),
  }),
);

builder.objectField(Chat, 'avatarUrl', (t) =>
  t.string({
    nullable: true,
    description: `Its own picture, ${OF_A_LINK} A chat of two has none: show that of \`peer\`.`,
    args: { size: t.arg.int(size) },
    resolve: async (chat, args, { loaders, services }) => {
      const avatar = await loaders.chatAvatar(chat.id);
      return avatar === null ? null : services.avatars.link(avatar, args.size ?? SIZE);
    },
  }),
);
