/** Making, renaming, closing and opening chats. Who may is for the rules to say. */
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
} from '../domain/errors.js';
import { builder } from './builder.js';
import { successWithChat, successWithOpened } from './chat-success.js';
import { decodeRowId } from './global-id.js';

builder.mutationField('createChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Makes a GROUP. For administrators; its maker is a member only where named.',
    type: successWithChat('CreateChatSuccess', 'The group was made.'),
    nullable: true,
    argOptions: { description: 'The group to make.' },
    typeOptions: { description: 'A new group.' },
    input: {
      name: t.input.string({ description: '1 to 100 Unicode code points, white space around it not counted.' }),
      slug: t.input.string({
        required: false,
        description: 'A short name to find it by, unique: lower-case letters, digits and `-`.',
      }),
      metadata: t.input.field({
        type: 'JSONObject',
        required: false,
        description: 'What your program wants to keep with it: everyone who sees the chat reads it.',
      }),
      memberIds: t.input.idList({
        required: false,
        defaultValue: [],
        description: 'Ids of active users, at most 1,000; one named twice counts once.',
      }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: async (_root, { input: { memberIds, ...group } }, { viewer, services }) => ({
      chat: await services.chats.create(viewer, {
        ...group,
        memberIds: (memberIds ?? []).map((id) => decodeRowId('User', id)),
      }),
    }),
  }),
);

builder.mutationField('updateChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Renames a chat, or changes its metadata. An absent field stays.',
    type: successWithChat('UpdateChatSuccess', 'The chat is as was asked, or was so already.'),
    nullable: true,
    argOptions: { description: 'What to change.' },
    typeOptions: { description: 'What to change; absent fields stay.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      name: t.input.string({ required: false, description: 'As in `createChat`; cannot be cleared.' }),
      slug: t.input.string({ required: false, description: 'As in `createChat`; null clears it.' }),
      metadata: t.input.field({
        type: 'JSONObject',
        required: false,
        description: 'As in `createChat`, in place of all that there was; null clears it.',
      }),
    },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, InvalidInputError] },
    resolve: async (_root, { input: { chatId, ...changes } }, { viewer, services }) => ({
      chat: await services.chats.update(viewer, { ...changes, chatId: decodeRowId('Chat', chatId) }),
    }),
  }),
);

builder.mutationField('closeChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Closes a chat: it can be read, not written. Once more changes nothing.',
    type: successWithChat('CloseChatSuccess', 'The chat is closed.'),
    nullable: true,
    argOptions: { description: 'The chat to close.' },
    typeOptions: { description: 'The chat to close.' },
    input: { chatId: t.input.id({ description: 'The chat.' }) },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      chat: await services.chats.close(viewer, decodeRowId('Chat', input.chatId)),
    }),
  }),
);

builder.mutationField('reopenChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Opens a closed chat again. Once more changes nothing.',
    type: successWithChat('ReopenChatSuccess', 'The chat is open.'),
    nullable: true,
    argOptions: { description: 'The chat to open again.' },
    typeOptions: { description: 'The chat to open again.' },
    input: { chatId: t.input.id({ description: 'The chat.' }) },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      chat: await services.chats.reopen(viewer, decodeRowId('Chat', input.chatId)),
    }),
  }),
);

builder.mutationField('openDirectChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Opens the dialog with another user, or finds it: there is one for each pair. Finding costs nothing of the rate limit.',
    type: successWithOpened('OpenDirectChatSuccess', 'The dialog is there.'),
    nullable: true,
    argOptions: { description: 'Whom to talk to.' },
    typeOptions: { description: 'Whom to talk to.' },
    input: { userId: t.input.id({ description: 'An active user, not oneself.' }) },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError, RateLimitedError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.chats.openDirect(viewer, decodeRowId('User', input.userId)),
  }),
);

builder.mutationField('openOrderChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Opens the chat of an order, its opener a member, or finds it: there is one for each reference, and then nothing else of the ' +
      'input is used. For managers and administrators; where the chat is there, for its members and administrators.',
    type: successWithOpened('OpenOrderChatSuccess', 'The chat of the order is there.'),
    nullable: true,
    argOptions: { description: 'Which order, and who is to be in its chat.' },
    typeOptions: { description: 'An order, and who is to be in its chat.' },
    input: {
      orderRef: t.input.string({ description: "The order's reference: 1 to 100 Unicode code points." }),
      name: t.input.string({ required: false, description: 'As in `createChat`; without one, the reference.' }),
      memberIds: t.input.idList({ description: 'Ids of active users beside the viewer, at most 1,000.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: (_root, { input: { orderRef, name, memberIds } }, { viewer, services }) =>
      services.chats.openOrder(viewer, { orderRef, name, memberIds: memberIds.map((id) => decodeRowId('User', id)) }),
  }),
);
