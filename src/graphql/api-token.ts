/** What programs show instead of a session. */
import type { ApiTokenRow } from '../domain/accounts/api-tokens.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import { ApiTokenScope as PrismaApiTokenScope } from '../generated/prisma/enums.js';
import { builder } from './builder.js';
import { decodeRowId } from './global-id.js';

const ApiTokenScope = builder.enumType('ApiTokenScope', {
  description: 'What an API token may do.',
  values: {
    [PrismaApiTokenScope.CHAT]: { description: 'Acts as its owner in chats.' },
    [PrismaApiTokenScope.ADMIN]: {
      description:
        'Administration too, for owners who are administrators, as long as they are; never sessions, passwords or API tokens. ' +
        'Includes CHAT.',
    },
  } as const,
});

const ApiToken = builder.objectRef<ApiTokenRow>('ApiToken');

builder.node(ApiToken, {
  description:
    'What a program shows instead of a session: it acts as its owner, as far as its scopes go. Seen by its owner only.',
  id: { resolve: (apiToken) => String(apiToken.id) },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What its owner calls it.' }),
    scopes: t.expose('scopes', { type: [ApiTokenScope], description: 'What it may do.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when it is good; null: until it is revoked.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null where it never was.',
    }),
  }),
});

builder.queryField('apiTokens', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: "The viewer's own API tokens, newest first: those that are neither revoked nor expired.",
    type: [ApiToken],
    nullable: true,
    resolve: (_root, _args, { viewer, services }) => services.apiTokens.list(viewer),
  }),
);

const CreateApiTokenSuccess = builder
  .objectRef<{ apiToken: ApiTokenRow; token: string }>('CreateApiTokenSuccess')
  .implement({
    description: 'The API token was made.',
    fields: (t) => ({
      apiToken: t.expose('apiToken', { type: ApiToken, description: 'The token, but for its text.' }),
      token: t.exposeString('token', {
        description: 'Shown this once, and never again: send it as `Authorization: Token …`.',
      }),
    }),
  });

builder.mutationField('createApiToken', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Makes an API token for the viewer, who may have 100 good ones. What API tokens themselves may not ask for, such as this, ' +
      'is answered with ForbiddenError.',
    type: CreateApiTokenSuccess,
    nullable: true,
    argOptions: { description: 'The token to make.' },
    typeOptions: { description: 'A new API token.' },
    input: {
      name: t.input.string({
        description: 'What to call it: 1 to 100 Unicode code points, white space around it not counted.',
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
        description: 'Until when it is good, which must lie ahead; null or absent: until it is revoked.',
      }),
    },
    errors: { types: [InvalidInputError, ForbiddenError] },
    resolve: (_root, { input }, { viewer, services }) => services.apiTokens.create(viewer, input),
  }),
);

const RevokeApiTokenSuccess = builder.objectRef<{ apiTokenId: string }>('RevokeApiTokenSuccess').implement({
  description: 'It is good for nothing any more, and what it had open live ends with SIGNED_OUT.',
  fields: (t) => ({ apiTokenId: t.exposeID('apiTokenId', { description: 'Which token.' }) }),
});

builder.mutationField('revokeApiToken', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Ends one of the viewer's API tokens, on every node within seconds.",
    type: RevokeApiTokenSuccess,
    nullable: true,
    argOptions: { description: 'Which token.' },
    typeOptions: { description: 'An API token to end.' },
    input: { apiTokenId: t.input.id({ description: "One of the viewer's own." }) },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input: { apiTokenId } }, { viewer, services }) => {
      await services.apiTokens.revoke(viewer, decodeRowId('ApiToken', apiTokenId));
      return { apiTokenId };
    },
  }),
);
