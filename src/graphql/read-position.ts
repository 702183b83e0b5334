/** How far the viewer has read. */
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import { builder } from './builder.js';
import { successWithChat } from './chat-success.js';
import { decodeRowId } from './global-id.js';

builder.mutationField('markRead', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Marks a chat as read. `upToSeq` null or beyond the head means the head. Never moves back. Members only.',
    type: successWithChat('MarkReadSuccess', 'The chat is read up to that point.'),
    nullable: true,
    argOptions: { description: 'How far a chat has been read.' },
    typeOptions: { description: 'How far a chat has been read.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      upToSeq: t.input.int({
        required: false,
        description: 'The last `seq` read; null: the whole chat. Not negative.',
      }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      chat: await services.readPositions.mark(viewer, decodeRowId('Chat', input.chatId), input.upToSeq ?? null),
    }),
  }),
);
