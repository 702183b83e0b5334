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
  description: 'The others in the chat are told.',
  fields: (t) => ({
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is over by itself unless said again; null once stopped.',
    }),
  }),
});

builder.mutationField('setTyping', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Says that the viewer types, or has stopped. Over by itself after 5 s unless said again.',
    type: SetTypingSuccess,
    nullable: true,
    argOptions: { description: 'Where, and whether.' },
    typeOptions: { description: 'Where, and whether.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      isTyping: t.input.boolean({ description: 'False: has stopped.' }),
    },
    errors: {
      types: [NotFoundError, ForbiddenError, ChatClosedError, PlanRequiredError, NotJoinedError, RateLimitedError],
    },
    resolve: (_root, { input }, { viewer, services }) =>
      services.typing.set(viewer, decodeRowId('Chat', input.chatId), input.isTyping),
  }),
);
