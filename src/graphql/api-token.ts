/** API tokens: the credentials of programs. */
import type { ApiTokenRow } from '../domain/accounts/api-tokens.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import { ApiTokenScope as PrismaApiTokenScope } from '../generated/prisma/enums.js';
import { builder } from './builder.js';
import { nodeId } from './node-id.js';
import { decodeRowId } from './global-id.js';

const ApiTokenScope = builder.enumType('ApiTokenScope', {
  description: 'What an API token may do.',
  values: {
    [PrismaApiTokenScope.CHAT]: { description: 'Acts as its owner in chats.' },
    [PrismaApiTokenScope.ADMIN]: {
      description:
        'Administration too, as long as the owner is an administrator; never sessions, passwords or API tokens. Includes CHAT.',
    },
  } as const,
});

const ApiToken = builder.objectRef<ApiTokenRow>('ApiToken');

ApiToken.implement({
  description: "A program's credential: it acts as its owner, within its scopes. Visible only to its owner.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('ApiToken', ({ id }) => String(id))),
    name: t.exposeString('name', { description: 'The name its owner gave it.' }),
    scopes: t.expose('scopes', { type: [ApiTokenScope], description: 'What it may do.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it expires; null: valid until revoked.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null if never.',
    }),
  }),
});

builder.queryField('apiTokens', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: "The viewer's own API tokens that are neither revoked nor expired, newest first.",
    type: [ApiToken],
    nullable: true,
    resolve: (_root, _args, { viewer, services }) => services.apiTokens.list(viewer),
  }),
);

const CreateApiTokenSuccess = builder
  .objectRef<{ apiToken: ApiTokenRow; token: string }>('CreateApiTokenSuccess')
  .implement({
    description: 'The API token was created.',
    fields: (t) => ({
      apiToken: t.expose('apiToken', { type: ApiToken, description: 'The token, without its secret.' }),
      token: t.exposeString('token', {
        description: 'The secret, shown only this once. Send it as `Authorization: Token …`.',
      }),
    }),
  });

builder.mutationField('createApiToken', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Creates an API token for the viewer, who may have at most 100 valid ones. API tokens themselves get ForbiddenError for this ' +
      'and everything else they may not do.',
    type: CreateApiTokenSuccess,
    nullable: true,
    argOptions: { description: 'The token to create.' },
    typeOptions: { description: 'A new API token.' },
    input: {
      name: t.input.string({
        description: 'Its name: 1 to 100 Unicode code points, not counting leading and trailing white space.',
      }),
      scopes: t.input.field({
        type: [ApiTokenScope],
        required: false,
        defaultValue: ['CHAT'],
        description: 'What it may do; at least one. ADMIN is for administrators.',
      }),
      expiresAt: t.input.field({
        type: 'DateTime',
        required: false,
        description: 'When it expires: a time in the future. Null or absent: valid until revoked.',
      }),
    },
    errors: { types: [InvalidInputError, ForbiddenError] },
    resolve: (_root, { input }, { viewer, services }) => services.apiTokens.create(viewer, input),
  }),
);

const RevokeApiTokenSuccess = builder.objectRef<{ apiTokenId: string }>('RevokeApiTokenSuccess').implement({
  description: 'The token is revoked, and its live subscriptions end with SIGNED_OUT.',
  fields: (t) => ({ apiTokenId: t.exposeID('apiTokenId', { description: 'The revoked token.' }) }),
});

builder.mutationField('revokeApiToken', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Revokes one of the viewer's API tokens, on every node within seconds.",
    type: RevokeApiTokenSuccess,
    nullable: true,
    argOptions: { description: 'The token to revoke.' },
    typeOptions: { description: 'The token to revoke.' },
    input: { apiTokenId: t.input.id({ description: "One of the viewer's own." }) },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input: { apiTokenId } }, { viewer, services }) => {
      await services.apiTokens.revoke(viewer, decodeRowId('ApiToken', apiTokenId));
      return { apiTokenId };
    },
  }),
);
