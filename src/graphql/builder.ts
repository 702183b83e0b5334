/** The schema's builder: what holds for every type and field of it. */
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
  // The first is outermost: what the others throw may be a member of a union.
  plugins: [ErrorsPlugin, 'rootFields', ScopeAuthPlugin, ComplexityPlugin, WithInputPlugin, RelayPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  defaultInputFieldRequiredness: true,
  prisma: { client: (ctx) => ctx.prisma, dmmf: getDatamodel(), onUnusedQuery: null },
  relay: {
    cursorType: 'String',
    // Ours (`node.ts`): the plugin's answer what cannot be found with an error, where the contract says null.
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodesOnConnection: { description: 'The page.' },
    edgesFieldOptions: { nullable: { list: false, items: false }, description: 'The page with a cursor for each.' },
    nodeFieldOptions: { nullable: false, description: 'What is on the page.' },
    cursorFieldOptions: { description: 'For `after` and `before` of this very list.' },
    idFieldOptions: { description: 'Opaque, the same for ever, unique over all types.' },
    nodeTypeOptions: { description: 'What has an id of its own: caches keep it under that.' },
    pageInfoFieldOptions: { description: 'Where the page lies in the list.' },
    pageInfoTypeOptions: {
      description: "Where a page lies in its list. Its cursors page; they are no `Cursor` of a chat's log.",
    },
    hasNextPageFieldOptions: { description: 'Whether more follows: ask with `after: endCursor`.' },
    hasPreviousPageFieldOptions: { description: 'Whether more comes before: ask with `before: startCursor`.' },
    startCursorFieldOptions: { description: "The first edge's cursor; null on an empty page." },
    endCursorFieldOptions: { description: "The last edge's cursor; null on an empty page." },
  },
  errors: {
    directResult: true,
    defaultResultOptions: { name: ({ fieldName }) => `${capitalized(fieldName)}Success` },
    defaultUnionOptions: {
      name: ({ fieldName }) => `${capitalized(fieldName)}Result`,
      description: 'The success, or what was in the way.',
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
  description: 'Reading. Each field is nullable, so that one that is refused does not null the others.',
});
builder.mutationType({
  description: 'Writing. Each field takes one `input` and answers with a union: its success, or what was in the way.',
});
builder.subscriptionType({
  description: 'Live, over WebSocket (`graphql-transport-ws`) or Server-Sent Events.',
});
