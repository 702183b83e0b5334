import type { CodegenConfig } from '@graphql-codegen/cli';

const typedDocuments = (documents: string) => ({
  documents,
  plugins: ['typescript-operations', 'typed-document-node'],
});

export default {
  schema: 'schema.graphql',
  generates: {
    // Committed: `npx parley chat` runs from source after `npm ci --omit=dev` too, where there is no codegen. A test
    // shows that it is what `npm run codegen` makes.
    'src/cli/chat/operations.ts': typedDocuments('src/cli/chat/operations.graphql'),
    'examples/operations.ts': typedDocuments('examples/operations.graphql'),
    'examples/react-apollo/src/operations.ts': typedDocuments('examples/react-apollo/src/operations.graphql'),
    'examples/react-urql/src/operations.ts': typedDocuments('examples/react-urql/src/operations.graphql'),
    // Not committed: who runs the tests has codegen, and they are made before each run.
    'test/support/generated/operations.ts': typedDocuments('test/support/operations.graphql'),
  },
  config: {
    enumsAsTypes: true,
    useTypeImports: true,
    scalars: { ID: 'string', Cursor: 'string', DateTime: 'string', JSONObject: 'Record<string, unknown>' },
  },
} satisfies CodegenConfig;
