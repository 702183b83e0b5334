/** Pinned messages, and pinning them. */
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
} from '../domain/errors.js';
import type { MessageRow } from '../log/event.js';
import { builder } from './builder.js';
import { Chat } from './chat.js';
import { decodeMessageId } from './global-id.js';
import { Message, MessageConnection } from './message.js';
import { pageArgs } from './pages.js';

builder.objectFields(Message, (t) => ({
  pinnedAt: t.expose('pinnedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When it was pinned; null if it is not pinned.',
  }),
}));

builder.objectFields(Chat, (t) => ({
  pinnedMessages: t.field({
    type: MessageConnection,
    description: 'Newest pin first; at most 50 are pinned.',
    args: pageArgs,
    resolve: (chat, page, { loaders }) => loaders.pinnedMessages(chat.id, page),
  }),
}));

const PinMessageSuccess = builder.objectRef<{ message: MessageRow }>('PinMessageSuccess').implement({
  description: 'The message is pinned.',
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ message }) => message }),
  }),
});

const UnpinMessageSuccess = builder.objectRef<{ message: MessageRow }>('UnpinMessageSuccess').implement({
  description: 'The message is not pinned.',
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ message }) => message }),
  }),
});

builder.mutationField('pinMessage', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Pins a message for everyone in the chat. Idempotent. At most 50 in a chat. For those who manage the chat; in chats of two, for both.',
    type: PinMessageSuccess,
    nullable: true,
    argOptions: { description: 'The message to pin.' },
    typeOptions: { description: 'The message to pin.' },
    input: { messageId: t.input.id({ description: 'The message. NotFoundError if it is deleted.' }) },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, InvalidInputError, RateLimitedError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      message: await services.pins.pin(viewer, decodeMessageId(input.messageId)),
    }),
  }),
);

builder.mutationField('unpinMessage', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Unpins a message. Idempotent. For those who may pin it.',
    type: UnpinMessageSuccess,
    nullable: true,
    argOptions: { description: 'The message to unpin.' },
    typeOptions: { description: 'The message to unpin.' },
    input: { messageId: t.input.id({ description: 'The message.' }) },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, RateLimitedError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      message: await services.pins.unpin(viewer, decodeMessageId(input.messageId)),
    }),
  }),
);
