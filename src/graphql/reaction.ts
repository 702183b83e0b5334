/** Reactions to messages: their groups, adding and removing them. */
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  NotJoinedError,
  PlanRequiredError,
  RateLimitedError,
} from '../domain/errors.js';
import { parseCounts } from '../domain/messages/reaction-counts.js';
import type { MessageRow } from '../log/event.js';
import { builder } from './builder.js';
import { OF_A_SHORT_LIST } from './complexity.js';
import { decodeMessageId } from './global-id.js';
import { Message } from './message.js';
import { User } from './user.js';

interface Group {
  message: MessageRow;
  emoji: string;
  count: number;
}

const ReactionGroup = builder.objectRef<Group>('ReactionGroup').implement({
  description: 'The reactions to one message with one emoji.',
  fields: (t) => ({
    emoji: t.exposeString('emoji', { description: 'One emoji.' }),
    count: t.exposeInt('count', { description: 'How many users reacted so.' }),
    isMine: t.boolean({
      description:
        'Whether the viewer reacted so. Costs a query per viewer, but only if selected: in a subscription compare the `user` of ' +
        'ReactionAdded and ReactionRemoved instead.',
      resolve: async ({ message, emoji }, _args, { loaders }) => (await loaders.ownReactions(message)).has(emoji),
    }),
    users: t.field({
      type: [User],
      description: 'The first to react so, at most 50.',
      args: { first: t.arg.int({ defaultValue: 10, description: '0 to 50.' }) },
      resolve: async ({ message, emoji }, { first }, { loaders }) => {
        const ids = await loaders.reactionUsers(message, emoji, first ?? 10);
        return Promise.all(ids.map((id) => loaders.named(id)));
      },
    }),
  }),
});

builder.objectFields(Message, (t) => ({
  reactions: t.field({
    type: [ReactionGroup],
    description: 'In the order of first use; empty once deleted.',
    complexity: OF_A_SHORT_LIST,
    resolve: (message) =>
      [...parseCounts(message.reactions)].map(([emoji, count]): Group => ({ message, emoji, count })),
  }),
}));

const ReactionInput = builder.inputType('ReactionInput', {
  description: 'A reaction to a message.',
  fields: (t) => ({
    messageId: t.id({ required: true, description: 'The message. NotFoundError if it is deleted.' }),
    emoji: t.string({
      required: true,
      description: 'One emoji of those recommended for general interchange (RGI), fully qualified: "❤️", not "❤".',
    }),
  }),
});

const ERRORS = [
  NotFoundError,
  ForbiddenError,
  ChatClosedError,
  NotJoinedError,
  PlanRequiredError,
  InvalidInputError,
  RateLimitedError,
];

const AddReactionSuccess = builder.objectRef<{ message: MessageRow }>('AddReactionSuccess').implement({
  description: 'The viewer reacts so.',
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ message }) => message }),
  }),
});

const RemoveReactionSuccess = builder.objectRef<{ message: MessageRow }>('RemoveReactionSuccess').implement({
  description: 'The viewer does not react so.',
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ message }) => message }),
  }),
});

builder.mutationField('addReaction', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      'Reacts to a message as the viewer. Idempotent. At most 10 reactions of a user to a message, and at most 20 different ones. ' +
      'Nobody is notified, and nothing becomes unread.',
    type: AddReactionSuccess,
    nullable: true,
    args: { input: t.arg({ type: ReactionInput, required: true, description: 'The reaction to add.' }) },
    errors: { types: ERRORS },
    resolve: async (_root, { input }, { viewer, services }) => ({
      message: await services.reactions.add(viewer, decodeMessageId(input.messageId), input.emoji),
    }),
  }),
);

builder.mutationField('removeReaction', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: "Removes one of the viewer's reactions. Idempotent.",
    type: RemoveReactionSuccess,
    nullable: true,
    args: { input: t.arg({ type: ReactionInput, required: true, description: 'The reaction to remove.' }) },
    errors: { types: ERRORS },
    resolve: async (_root, { input }, { viewer, services }) => ({
      message: await services.reactions.remove(viewer, decodeMessageId(input.messageId), input.emoji),
    }),
  }),
);
