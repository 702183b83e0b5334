/** Invites: links that let people join a group. */
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
} from '../domain/errors.js';
import type { InvitePreview as Preview, InviteRow } from '../domain/chats/invites.js';
import { builder } from './builder.js';
import { OF_A_LIST } from './complexity.js';
import { successWithChat } from './chat-success.js';
import { Chat } from './chat.js';
import { decodeRowId, encodeGlobalId } from './global-id.js';
import { nodeId } from './node-id.js';
import { User } from './user.js';

export const Invite = builder.objectRef<InviteRow>('Invite');

Invite.implement({
  description: 'What a link lets people join. Visible to those who may invite, as long as it can be used.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('Invite', ({ id }) => String(id))),
    chat: t.field({
      type: Chat,
      description: 'The group.',
      resolve: ({ chatId }, _args, { loaders }) => loaders.chat(chatId),
    }),
    code: t.exposeString('code', { description: '128 random bits: whoever has it may join.' }),
    url: t.string({
      description:
        'The link to pass on, `/invite/CODE`. Resolve it against the address of this API: without PUBLIC_URL it is a path.',
      resolve: (invite, _args, { services }) => services.invites.urlOf(invite),
    }),
    createdBy: t.field({
      type: User,
      description: 'Who made it.',
      resolve: ({ createdById }, _args, { loaders }) => loaders.named(createdById),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it can be used no longer; null: never by itself.',
    }),
    maxUses: t.exposeInt('maxUses', {
      nullable: true,
      description: 'How many people may join by it; null: any number.',
    }),
    uses: t.exposeInt('uses', { description: 'How many have joined by it.' }),
  }),
});

builder.objectFields(Chat, (t) => ({
  invites: t.field({
    type: [Invite],
    nullable: true,
    complexity: OF_A_LIST,
    description: 'Those that can be used, newest first, at most 100. Null for viewers who may not invite.',
    resolve: (chat, _args, { loaders }) => loaders.invites(chat.id),
  }),
}));

const InvitePreview = builder.objectRef<Preview>('InvitePreview').implement({
  description: 'What an invite leads to, for whoever has its code.',
  fields: (t) => ({
    chatName: t.exposeString('chatName', { description: "The group's name." }),
    memberCount: t.exposeInt('memberCount', { description: 'How many members it has.' }),
    invitedBy: t.field({
      type: User,
      description: 'Who made the invite.',
      resolve: ({ createdById }, _args, { loaders }) => loaders.named(createdById),
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'When the invite expires.' }),
  }),
});

builder.queryField('invite', (t) =>
  t.field({
    description:
      'What an invite leads to. Needs no sign-in. Null: there is no such invite, it has expired, is used up or revoked, or its group is closed. ' +
      'RATE_LIMITED for an address that asks hundreds of times a minute.',
    type: InvitePreview,
    nullable: true,
    args: { code: t.arg.string({ description: 'The code, as in the link.' }) },
    resolve: (_root, { code }, { services, address }) => services.invites.preview(code, address),
  }),
);

const CreateInviteSuccess = builder.objectRef<{ invite: InviteRow }>('CreateInviteSuccess').implement({
  description: 'The invite can be used.',
  fields: (t) => ({
    invite: t.field({ type: Invite, description: 'The invite.', resolve: ({ invite }) => invite }),
  }),
});

builder.mutationField('createInvite', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Makes a link by which people join a group. For its owners and moderators, and for administrators. At most 100 that can be used.',
    type: CreateInviteSuccess,
    nullable: true,
    argOptions: { description: 'The invite to make.' },
    typeOptions: { description: 'A new invite.' },
    input: {
      chatId: t.input.id({ description: 'The group.' }),
      expiresAt: t.input.field({
        type: 'DateTime',
        required: false,
        description: 'When it can be used no longer, in the future. Absent: never by itself.',
      }),
      maxUses: t.input.int({
        required: false,
        description: 'How many people may join by it: 1 to 10,000. Absent: any number.',
      }),
    },
    errors: { types: [NotFoundError, ForbiddenError, ChatClosedError, InvalidInputError, RateLimitedError] },
    resolve: async (_root, { input: { chatId, ...invite } }, { viewer, services }) => ({
      invite: await services.invites.create(viewer, { ...invite, chatId: decodeRowId('Chat', chatId) }),
    }),
  }),
);

const RevokeInviteSuccess = builder.objectRef<{ id: bigint }>('RevokeInviteSuccess').implement({
  description: 'Nobody can use the invite any more. Who has joined by it stays.',
  fields: (t) => ({
    inviteId: t.id({ description: 'The invite.', resolve: ({ id }) => encodeGlobalId('Invite', id) }),
  }),
});

builder.mutationField('revokeInvite', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Revokes an invite. For those who may make one. Idempotent.',
    type: RevokeInviteSuccess,
    nullable: true,
    argOptions: { description: 'The invite to revoke.' },
    typeOptions: { description: 'The invite to revoke.' },
    input: { inviteId: t.input.id({ description: 'The invite.' }) },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      id: await services.invites.revoke(viewer, decodeRowId('Invite', input.inviteId)),
    }),
  }),
);

builder.mutationField('acceptInvite', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Makes the viewer a member of the group of an invite, who can then read the whole log. Idempotent for members, who do not count as ' +
      'uses. At most JOINS_PER_MINUTE. NotFoundError: there is no such invite, it has expired, is used up or revoked.',
    type: successWithChat('AcceptInviteSuccess', 'The viewer is a member.'),
    nullable: true,
    argOptions: { description: 'The invite to accept.' },
    typeOptions: { description: 'The invite to accept.' },
    input: { code: t.input.string({ description: 'The code, as in the link.' }) },
    errors: { types: [NotFoundError, ChatClosedError, RateLimitedError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      chat: await services.invites.accept(viewer, input.code),
    }),
  }),
);
