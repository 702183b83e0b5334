/** Sending, editing and deleting messages. */
import type { RefusedDelete } from '../domain/messages/delete-messages.js';
import {
  ChatClosedError,
  ForbiddenError,
  IdempotencyConflictError,
  InvalidInputError,
  NotFoundError,
  NotJoinedError,
  PlanRequiredError,
  RateLimitedError,
  TextEmptyError,
  TextTooLongError,
} from '../domain/errors.js';
import type { MessageRow } from '../log/event.js';
import { builder } from './builder.js';
import { OF_A_LIST } from './complexity.js';
import { decodeMessageId, decodeRowId, encodeGlobalId, messageKeyText } from './global-id.js';
import { Message } from './message.js';

const TEXT =
  'Kept exactly as sent: not only white space, and at most 1,000 Unicode code points unless the server is set otherwise.';

const SendMessageSuccess = builder
  .objectRef<{ message: MessageRow; deduplicated: boolean }>('SendMessageSuccess')
  .implement({
    description: 'The message is in the log.',
    fields: (t) => ({
      message: t.field({ type: Message, description: 'As it is now.', resolve: ({ message }) => message }),
      deduplicated: t.exposeBoolean('deduplicated', {
        description: 'True where it had been sent before with the same `clientMessageId`: nothing was sent now.',
      }),
    }),
  });

builder.mutationField('sendMessage', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Sends a message as the viewer. Sending twice with one `clientMessageId`, one text and one metadata returns the first message as ' +
      'it is now (`deduplicated: true`), also after it was edited or deleted, the chat closed or the rate limit reached. They are ' +
      'compared as first sent. UNAVAILABLE means unknown: repeat it with the same `clientMessageId`.',
    type: SendMessageSuccess,
    nullable: true,
    argOptions: { description: 'What to send where.' },
    typeOptions: { description: 'What to send where.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      text: t.input.string({ description: TEXT }),
      clientMessageId: t.input.id({
        required: false,
        description: 'Your own key for this message, 1 to 128 characters, so that repeating is safe: a UUID.',
      }),
      metadata: t.input.field({
        type: 'JSONObject',
        required: false,
        description: 'What your program wants to keep with it: everyone in the chat reads it. Absent or null is empty.',
      }),
    },
    errors: {
      types: [
        NotFoundError,
        ForbiddenError,
        ChatClosedError,
        PlanRequiredError,
        NotJoinedError,
        TextEmptyError,
        TextTooLongError,
        InvalidInputError,
        IdempotencyConflictError,
        RateLimitedError,
      ],
    },
    resolve: async (_root, { input: { chatId, ...draft } }, { viewer, services, logger }) => {
      const sent = await services.messages.send(viewer, { ...draft, chatId: decodeRowId('Chat', chatId) });
      const { message, deduplicated } = sent;
      logger.info({ chatId: message.chatId, seq: message.seq, deduplicated }, 'Sent');
      return sent;
    },
  }),
);

const EditMessageSuccess = builder.objectRef<{ message: MessageRow }>('EditMessageSuccess').implement({
  description: 'The message has this text.',
  fields: (t) => ({
    message: t.field({ type: Message, description: 'As it is now.', resolve: ({ message }) => message }),
  }),
});

builder.mutationField('editMessage', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Edits a message of the viewer's own. To the text that it has already changes nothing.",
    type: EditMessageSuccess,
    nullable: true,
    argOptions: { description: 'Which message, and its new text.' },
    typeOptions: { description: 'Which message, and its new text.' },
    input: {
      messageId: t.input.id({ description: "The message; others' and deleted ones are NotFoundError." }),
      text: t.input.string({ description: TEXT }),
    },
    errors: {
      types: [
        NotFoundError,
        ForbiddenError,
        ChatClosedError,
        PlanRequiredError,
        NotJoinedError,
        TextEmptyError,
        TextTooLongError,
        InvalidInputError,
        RateLimitedError,
      ],
    },
    resolve: async (_root, { input }, { viewer, services }) => ({
      message: await services.messages.edit(viewer, decodeMessageId(input.messageId), input.text),
    }),
  }),
);

const RefusedDeleteCode = builder.enumType('RefusedDeleteCode', {
  description: 'Why a message was not deleted.',
  values: {
    NOT_FOUND: { description: 'There is no such message in this chat.' },
    FORBIDDEN: { description: 'It is not for the viewer to delete.' },
  } as const,
});

const RefusedDeleteType = builder.objectRef<RefusedDelete>('RefusedDelete').implement({
  description: 'A message that was not deleted.',
  fields: (t) => ({
    messageId: t.exposeID('rawId', { description: 'As it was given.' }),
    code: t.expose('code', { type: RefusedDeleteCode, description: 'Why.' }),
    reason: t.exposeString('reason', { description: 'A sentence fit to show to a person.' }),
  }),
});

const DeleteMessagesSuccess = builder
  .objectRef<{ deleted: MessageRow[]; refused: RefusedDelete[] }>('DeleteMessagesSuccess')
  .implement({
    description: 'At least one of them is deleted.',
    fields: (t) => ({
      deletedIds: t.idList({
        description: 'Those that are deleted, also where they were before.',
        resolve: ({ deleted }) => deleted.map((message) => encodeGlobalId('Message', messageKeyText(message))),
      }),
      messages: t.field({
        type: [Message],
        description: 'Their tombstones, so that normalised caches follow.',
        complexity: OF_A_LIST,
        resolve: ({ deleted }) => deleted,
      }),
      refused: t.expose('refused', { type: [RefusedDeleteType], description: 'The others, and why.' }),
    }),
  });

builder.mutationField('deleteMessages', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Deletes those (1 to 100) that the viewer may delete; `refused` names the others and why. NotFoundError if none could be. ' +
      'One that was deleted before counts as deleted, without a new event, so a retry answers alike.',
    type: DeleteMessagesSuccess,
    nullable: true,
    argOptions: { description: 'Which messages.' },
    typeOptions: { description: 'Which messages of one chat.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      messageIds: t.input.idList({ description: '1 to 100; one named twice counts once.' }),
    },
    errors: {
      types: [NotFoundError, ForbiddenError, ChatClosedError, PlanRequiredError, NotJoinedError, InvalidInputError],
    },
    resolve: (_root, { input }, { viewer, services }) =>
      services.messages.delete(
        viewer,
        decodeRowId('Chat', input.chatId),
        input.messageIds.map((rawId) => ({ rawId, key: decodeMessageId(rawId) })),
      ),
  }),
);
