/** Creating, renaming, closing and reopening chats. The domain's rules decide who may. */
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
} from '../domain/errors.js';
import { builder } from './builder.js';
import { ChatAccess } from './chat-access.js';
import { successWithChat, successWithOpened } from './chat-success.js';
import { decodeNewAvatar, decodeRowId } from './global-id.js';

builder.mutationField('createChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Creates a GROUP. For those whom GROUP_CREATORS names. By default these are administrators, and the creator is a member only if ' +
      'listed in `memberIds`; where managers or everyone may create groups, the creator is the OWNER.',
    type: successWithChat('CreateChatSuccess', 'The group was created.'),
    nullable: true,
    argOptions: { description: 'The group to create.' },
    typeOptions: { description: 'A new group.' },
    input: {
      name: t.input.string({
        description: '1 to 100 Unicode code points, not counting leading and trailing white space.',
      }),
      slug: t.input.string({
        required: false,
        description: 'A unique short name to find it by: lower-case letters, digits and `-`.',
      }),
      metadata: t.input.field({
        type: 'JSONObject',
        required: false,
        description: 'Your own data to store with the chat. Readable by everyone who can see the chat.',
      }),
      description: t.input.string({
        required: false,
        description:
          'What it is about: at most 1,000 Unicode code points, in several lines. Absent, null or blank: none.',
      }),
      access: t.input.field({
        type: ChatAccess,
        required: false,
        defaultValue: 'CLOSED',
        description: 'Who becomes a member.',
      }),
      memberIds: t.input.idList({
        required: false,
        defaultValue: [],
        description: 'Ids of active users, at most 1,000; duplicates count once.',
      }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError, RateLimitedError] },
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
    description:
      'Renames a chat or changes its description, picture, access or metadata. Absent fields are left unchanged.',
    type: successWithChat('UpdateChatSuccess', 'The chat has these values, or had them already.'),
    nullable: true,
    argOptions: { description: 'What to change.' },
    typeOptions: { description: 'What to change; absent fields are left unchanged.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      name: t.input.string({ required: false, description: 'As in `createChat`; cannot be cleared.' }),
      slug: t.input.string({ required: false, description: 'As in `createChat`; null clears it.' }),
      metadata: t.input.field({
        type: 'JSONObject',
        required: false,
        description: 'As in `createChat`; replaces all existing metadata, and null clears it.',
      }),
      description: t.input.string({ required: false, description: 'As in `createChat`; null clears it.' }),
      access: t.input.field({
        type: ChatAccess,
        required: false,
        description: 'As in `createChat`; OPEN for groups only. Members stay when it becomes CLOSED.',
      }),
      avatarUploadId: t.input.id({
        required: false,
        description:
          "The viewer's own upload for an AVATAR, whose bytes are stored: its picture from now on. Null takes it away.",
      }),
    },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, InvalidInputError, RateLimitedError] },
    resolve: async (_root, { input: { chatId, avatarUploadId, ...changes } }, { viewer, services }) => ({
      chat: await services.chats.update(viewer, {
        ...changes,
        chatId: decodeRowId('Chat', chatId),
        avatarUploadId: decodeNewAvatar(avatarUploadId),
      }),
    }),
  }),
);

builder.mutationField('closeChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Closes a chat: it becomes read-only. Idempotent.',
    type: successWithChat('CloseChatSuccess', 'The chat is closed.'),
    nullable: true,
    argOptions: { description: 'The chat to close.' },
    typeOptions: { description: 'The chat to close.' },
    input: { chatId: t.input.id({ description: 'The chat.' }) },
    errors: { types: [NotFoundError, ForbiddenError, RateLimitedError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      chat: await services.chats.close(viewer, decodeRowId('Chat', input.chatId)),
    }),
  }),
);

builder.mutationField('reopenChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Reopens a closed chat. Idempotent.',
    type: successWithChat('ReopenChatSuccess', 'The chat is open.'),
    nullable: true,
    argOptions: { description: 'The chat to reopen.' },
    typeOptions: { description: 'The chat to reopen.' },
    input: { chatId: t.input.id({ description: 'The chat.' }) },
    errors: { types: [NotFoundError, ForbiddenError, RateLimitedError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      chat: await services.chats.reopen(viewer, decodeRowId('Chat', input.chatId)),
    }),
  }),
);

builder.mutationField('openDirectChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Opens the direct chat with another user, or returns the existing one: there is one per pair. Returning it does not count ' +
      'against the rate limit.',
    type: successWithOpened('OpenDirectChatSuccess', 'The direct chat exists.'),
    nullable: true,
    argOptions: { description: 'The other user.' },
    typeOptions: { description: 'The other user.' },
    input: { userId: t.input.id({ description: 'An active user other than the viewer.' }) },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError, RateLimitedError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.chats.openDirect(viewer, decodeRowId('User', input.userId)),
  }),
);

builder.mutationField('openOrderChat', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Creates the chat of an order, with the viewer as a member, or returns the existing one, ignoring the rest of the input: there is ' +
      'one per reference. For managers and administrators; managers get an existing one only if they are members of it.',
    type: successWithOpened('OpenOrderChatSuccess', 'The chat of the order exists.'),
    nullable: true,
    argOptions: { description: 'The order, and the members of its chat.' },
    typeOptions: { description: 'The order, and the members of its chat.' },
    input: {
      orderRef: t.input.string({ description: "The order's reference: 1 to 100 Unicode code points." }),
      name: t.input.string({ required: false, description: 'As in `createChat`; defaults to the reference.' }),
      memberIds: t.input.idList({ description: 'Ids of active users besides the viewer, at most 1,000.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: (_root, { input: { orderRef, name, memberIds } }, { viewer, services }) =>
      services.chats.openOrder(viewer, { orderRef, name, memberIds: memberIds.map((id) => decodeRowId('User', id)) }),
  }),
);
