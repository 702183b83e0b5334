/** Messages as they are now: a deleted one remains as a tombstone, without its text. */
import { metadataOf } from '../domain/metadata.js';
import type { MessageRow } from '../log/event.js';
import { builder } from './builder.js';
import { nodeId } from './node-id.js';
import { Chat } from './chat.js';
import { decodeMessageId, decodeRowId, encodeGlobalId, messageKeyText } from './global-id.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

export const Message = builder.objectRef<MessageRow>('Message');

Message.implement({
  description: 'A message in a chat.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('Message', messageKeyText)),
    chat: t.field({
      type: Chat,
      description:
        'The chat it was sent in. If the viewer can no longer see that chat, it shows none of its current state.',
      resolve: (message, _args, { loaders }) => loaders.chat(message.chatId),
    }),
    chatId: t.id({
      description: 'The chat it was sent in.',
      resolve: ({ chatId }) => encodeGlobalId('Chat', chatId),
    }),
    seq: t.exposeInt('seq', { description: "Its number in the chat's log: increasing, never reused. Order by it." }),
    sender: t.field({
      type: User,
      description: 'The user who sent it.',
      resolve: (message, _args, { loaders }) => message.sender ?? loaders.named(message.senderId),
    }),
    receiver: t.field({
      type: User,
      nullable: true,
      description: 'The other person in a chat of two; null in other chats.',
      resolve: async (message, _args, { loaders }) =>
        (await loaders.pair(message.chatId)).find((user) => user.id !== message.senderId) ?? null,
    }),
    text: t.exposeString('text', {
      nullable: true,
      description: 'The text, exactly as sent or last edited. Null once deleted.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Data that the sender’s program attached. Editing does not change it. Empty once deleted.',
      resolve: ({ metadata }) => metadataOf(metadata),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was sent.' }),
    isEdited: t.boolean({
      description: 'Whether its text was edited.',
      resolve: (message) => message.editedAt !== null,
    }),
    editedAt: t.expose('editedAt', { type: 'DateTime', nullable: true, description: 'When it was last edited.' }),
    isDeleted: t.boolean({
      description: 'Whether it is a tombstone.',
      resolve: (message) => message.deletedAt !== null,
    }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true, description: 'When it was deleted.' }),
    clientMessageId: t.exposeID('clientMessageId', {
      nullable: true,
      description: "The sender's own key for this message (at most 128 characters), the same for every viewer.",
    }),
  }),
});

const MessageEdge = builder.edgeObject({ type: Message, name: 'MessageEdge', description: 'A message on a page.' });
export const MessageConnection = builder.connectionObject(
  { type: Message, name: 'MessageConnection', description: 'A page of messages.' },
  MessageEdge,
);

builder.queryField('messages', (t) =>
  t.field({
    authScopes: { signedIn: true },
    description:
      'Every message the viewer sent or received in chats of two, newest first; with `chatId`, the messages of that chat. ' +
      'Deleted ones as tombstones.',
    type: MessageConnection,
    nullable: true,
    args: {
      chatId: t.arg.id({ required: false, description: 'Only messages of this chat, which may be of any kind.' }),
      ...pageArgs,
    },
    resolve: (_root, { chatId, ...page }, { viewer, services }) => {
      if (chatId === null || chatId === undefined) return services.messages.list(viewer!, null, page);
      const id = decodeRowId('Chat', chatId);
      return id === null ? null : services.messages.list(viewer!, id, page);
    },
  }),
);

builder.queryField('message', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'One message; if deleted, its tombstone.',
    type: Message,
    nullable: true,
    args: { id: t.arg.id({ description: "The message's id." }) },
    resolve: (_root, { id }, { loaders }) => {
      const key = decodeMessageId(id);
      return key === null ? null : loaders.message(key);
    },
  }),
);
