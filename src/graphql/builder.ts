/** The schema builder, with the settings for every type and field. */
import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import WithInputPlugin from '@pothos/plugin-with-input';
import { GraphQLError } from 'graphql';
import { getDatamodel } from '../generated/pothos-types.js';
import { COMPLEXITY } from './complexity.js';
import './root-fields.js';
import type { SchemaTypes } from './schema-types.js';

const capitalized = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

export const builder = new SchemaBuilder<SchemaTypes>({
  // The first is outermost: it turns errors that the others throw into members of a union.
  plugins: [ErrorsPlugin, 'rootFields', ScopeAuthPlugin, ComplexityPlugin, WithInputPlugin, RelayPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  defaultInputFieldRequiredness: true,
  prisma: { client: (ctx) => ctx.prisma, dmmf: getDatamodel(), onUnusedQuery: null },
  relay: {
    cursorType: 'String',
    // Ours (`node.ts`): the plugin's fail with an error for a missing node, but the contract says null.
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodesOnConnection: { description: 'The items on this page.' },
    edgesFieldOptions: {
      nullable: { list: false, items: false },
      description: 'The items on this page, each with its cursor.',
    },
    nodeFieldOptions: { nullable: false, description: 'The item.' },
    cursorFieldOptions: { description: 'For `after` and `before` of the same list.' },
    idFieldOptions: { description: 'Opaque, stable, globally unique ID.' },
    nodeTypeOptions: { description: 'An object with a globally unique ID, which caches use as its key.' },
    pageInfoFieldOptions: { description: 'Where the page is in the list.' },
    pageInfoTypeOptions: {
      description: "Where a page is in its list. Its cursors are for paging only, unlike the `Cursor` of a chat's log.",
    },
    hasNextPageFieldOptions: { description: 'Whether more items follow: page on with `after: endCursor`.' },
    hasPreviousPageFieldOptions: {
      description: 'Whether more items come before: page back with `before: startCursor`.',
    },
    startCursorFieldOptions: { description: "The first edge's cursor; null on an empty page." },
    endCursorFieldOptions: { description: "The last edge's cursor; null on an empty page." },
  },
  errors: {
    directResult: true,
    defaultResultOptions: { name: ({ fieldName }) => `${capitalized(fieldName)}Success` },
    defaultUnionOptions: {
      name: ({ fieldName }) => `${capitalized(fieldName)}Result`,
      description: 'The success type, or one of the expected errors.',
    },
  },
  withInput: { typeOptions: { name: ({ fieldName }) => `${capitalized(fieldName)}Input` } },
  scopeAuth: {
    authScopes: ({ viewer }) => ({ signedIn: viewer !== null }),
    authorizeOnSubscribe: true,
    unauthorizedError: () => new GraphQLError('Sign in first', { extensions: { code: 'UNAUTHENTICATED' } }),
  },
  complexity: COMPLEXITY,
});

builder.queryType({
  description: 'Reads. Every field is nullable, so that refusing one does not null the others.',
});
builder.mutationType({
  description:
    'Writes. Every field takes one `input` and returns a union: its success type, or one of the expected errors.',
});
builder.subscriptionType({
  description: 'Live events, over WebSocket (`graphql-transport-ws`) or Server-Sent Events.',
});
