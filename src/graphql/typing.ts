/** Who is typing. */
import {
  ChatClosedError,
  ForbiddenError,
  NotFoundError,
  NotJoinedError,
  PlanRequiredError,
  RateLimitedError,
} from '../domain/errors.js';
import { builder } from './builder.js';
import { decodeRowId } from './global-id.js';

const SetTypingSuccess = builder.objectRef<{ expiresAt: Date | null }>('SetTypingSuccess').implement({
  description: 'The others in the chat have been told.',
  fields: (t) => ({
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When typing expires unless repeated; null once stopped.',
    }),
  }),
});

builder.mutationField('setTyping', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Tells the others in a chat that the viewer is typing, or has stopped. Expires after 5 s unless repeated.',
    type: SetTypingSuccess,
    nullable: true,
    argOptions: { description: 'The chat, and whether the viewer is typing.' },
    typeOptions: { description: 'The chat, and whether the viewer is typing.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      isTyping: t.input.boolean({ description: 'False: the viewer has stopped.' }),
    },
    errors: {
      types: [NotFoundError, ForbiddenError, ChatClosedError, PlanRequiredError, NotJoinedError, RateLimitedError],
    },
    resolve: (_root, { input }, { viewer, services }) =>
      services.typing.set(viewer, decodeRowId('Chat', input.chatId), input.isTyping),
  }),
);
