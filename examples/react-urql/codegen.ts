import type { CodegenConfig } from '@graphql-codegen/cli';

export default {
  schema: 'http://localhost:4000/graphql',
  generates: {
    'src/operations.ts': {
      documents: 'src/operations.graphql',
      plugins: ['typescript-operations', 'typed-document-node'],
    },
  },
  config: {
    enumsAsTypes: true,
    useTypeImports: true,
    scalars: { ID: 'string', Cursor: 'string', DateTime: 'string', JSONObject: 'Record<string, unknown>' },
  },
} satisfies CodegenConfig;
