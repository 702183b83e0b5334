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
import { decodeMessageId, decodeRowId, decodeUploadId, encodeGlobalId, messageKeyText } from './global-id.js';
import { Message } from './message.js';

const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;
const decodeUserId = (id: string) => decodeRowId('User', id);

const TEXT =
  'Stored exactly as sent. Not only white space; at most 1,000 Unicode code points unless the server is configured otherwise.';

const SendMessageSuccess = builder
  .objectRef<{ message: MessageRow; deduplicated: boolean }>('SendMessageSuccess')
  .implement({
    description: 'The message is in the log.',
    fields: (t) => ({
      message: t.field({ type: Message, description: 'As it is now.', resolve: ({ message }) => message }),
      deduplicated: t.exposeBoolean('deduplicated', {
        description: 'True if it had already been sent with the same `clientMessageId`: nothing was sent now.',
      }),
    }),
  });

builder.mutationField('sendMessage', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Sends a message as the viewer. Idempotent by `clientMessageId`: sending the same again returns the first ' +
      'message as it is now (`deduplicated: true`), even if it was edited or deleted, the chat closed or the rate limit reached. ' +
      'Text, metadata, reply, mentions and attachments are compared as first sent. UNAVAILABLE means the outcome is unknown: retry with the same `clientMessageId`.',
    type: SendMessageSuccess,
    nullable: true,
    argOptions: { description: 'The message to send.' },
    typeOptions: { description: 'The message to send.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      text: t.input.string({ defaultValue: '', description: `${TEXT} It may be blank if there are attachments.` }),
      clientMessageId: t.input.id({
        required: false,
        description: 'Your own key for this message, such as a UUID, 1 to 128 characters. It makes retries safe.',
      }),
      metadata: t.input.field({
        type: 'JSONObject',
        required: false,
        description:
          'Your own data to store with the message. Readable by everyone in the chat. Absent or null is empty.',
      }),
      replyToId: t.input.id({
        required: false,
        description: 'The message of the same chat that this one replies to. NotFoundError if it is deleted.',
      }),
      mentionIds: t.input.idList({
        required: false,
        defaultValue: [],
        description: 'The members whom it mentions, at most 50; duplicates count once. InvalidInputError for others.',
      }),
      mentionsEveryone: t.input.boolean({
        required: false,
        defaultValue: false,
        description: 'Mentions every member. ForbiddenError unless `canMentionEveryone`.',
      }),
      attachmentIds: t.input.idList({
        required: false,
        defaultValue: [],
        description:
          "The viewer's own uploads whose bytes are stored, at most 10, by the id of the `Upload` or of the `Attachment`; duplicates count once. Each can be sent once. InvalidInputError for others.",
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
    resolve: async (_root, { input }, { viewer, services, logger }) => {
      const { chatId, replyToId, mentionIds, attachmentIds, ...draft } = input;
      const sent = await services.messages.send(viewer, {
        ...draft,
        chatId: decodeRowId('Chat', chatId),
        replyTo: isGiven(replyToId) ? decodeMessageId(replyToId) : undefined,
        mentionIds: mentionIds?.map(decodeUserId),
        attachmentIds: attachmentIds?.map(decodeUploadId),
      });
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
    description: "Edits one of the viewer's own messages. Idempotent: an edit to the same text changes nothing.",
    type: EditMessageSuccess,
    nullable: true,
    argOptions: { description: 'The message and its new text.' },
    typeOptions: { description: 'The message and its new text.' },
    input: {
      messageId: t.input.id({ description: "The message. NotFoundError if it is deleted or somebody else's." }),
      text: t.input.string({ description: `${TEXT} It may be blank if the message has attachments.` }),
      mentionIds: t.input.idList({
        required: false,
        description: 'The members whom it mentions from now on, at most 50. Absent: the mentions stay.',
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
        RateLimitedError,
      ],
    },
    resolve: async (_root, { input }, { viewer, services }) => ({
      message: await services.messages.edit(
        viewer,
        decodeMessageId(input.messageId),
        input.text,
        input.mentionIds?.map(decodeUserId),
      ),
    }),
  }),
);

const RefusedDeleteCode = builder.enumType('RefusedDeleteCode', {
  description: 'Why a message was not deleted.',
  values: {
    NOT_FOUND: { description: 'This chat has no message with that id.' },
    FORBIDDEN: { description: 'The viewer may not delete it.' },
  } as const,
});

const RefusedDeleteType = builder.objectRef<RefusedDelete>('RefusedDelete').implement({
  description: 'A message that was not deleted.',
  fields: (t) => ({
    messageId: t.exposeID('rawId', { description: 'The id as given in the input.' }),
    code: t.expose('code', { type: RefusedDeleteCode, description: 'Why.' }),
    reason: t.exposeString('reason', { description: 'Human-readable explanation, safe to display.' }),
  }),
});

const DeleteMessagesSuccess = builder
  .objectRef<{ deleted: MessageRow[]; refused: RefusedDelete[] }>('DeleteMessagesSuccess')
  .implement({
    description: 'At least one of the messages is deleted.',
    fields: (t) => ({
      deletedIds: t.idList({
        description: 'The deleted messages, including those deleted before.',
        resolve: ({ deleted }) => deleted.map((message) => encodeGlobalId('Message', messageKeyText(message))),
      }),
      messages: t.field({
        type: [Message],
        description: 'Their tombstones, so that normalised caches update.',
        complexity: OF_A_LIST,
        resolve: ({ deleted }) => deleted,
      }),
      refused: t.expose('refused', { type: [RefusedDeleteType], description: 'The messages not deleted, and why.' }),
    }),
  });

builder.mutationField('deleteMessages', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Deletes those of 1 to 100 messages that the viewer may delete; `refused` names the others and why. NotFoundError if none could ' +
      'be deleted. Idempotent: a message deleted before counts as deleted, without a new event.',
    type: DeleteMessagesSuccess,
    nullable: true,
    argOptions: { description: 'The messages to delete.' },
    typeOptions: { description: 'The messages to delete, all of one chat.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      messageIds: t.input.idList({ description: '1 to 100; duplicates count once.' }),
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
