/**
 * Introspection does not count towards the complexity limit (`complexity.ts`), and a schema is cyclic: types have fields, which have
 * types. So a document may read the schema only once, and its answer may be little longer than that of the largest query that tools
 * send. The schema is known beforehand, so the answer's size is measured rather than estimated.
 */
import {
  getIntrospectionQuery,
  getNamedType,
  getNullableType,
  GraphQLError,
  isLeafType,
  isListType,
  isObjectType,
  Kind,
  parse,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  visit,
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type GraphQLType,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/** How much longer an answer may be than that query's. */
const ROOM = 1.25;

/** The largest introspection query of graphql-js, and so of codegen, GraphiQL and Apollo's tools. */
const MAX_QUERY = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  experimentalDirectiveDeprecation: true,
  oneOf: true,
};

const META_FIELDS = [SchemaMetaFieldDef.name, TypeMetaFieldDef.name];

/** An engine plugin, so it covers every transport. */
export const introspectionLimit = {
  onValidate: ({ addValidationRule }: { addValidationRule: (rule: ValidationRule) => void }) =>
    addValidationRule(introspectionRule),
};

const introspectionRule = (context: ValidationContext): ASTVisitor => {
  const found: FieldNode[] = [];
  return {
    Field: (node) => {
      if (META_FIELDS.includes(node.name.value)) found.push(node);
    },
    Document: {
      leave: (document) => {
        const [only, second] = found;
        if (only === undefined) return;
        const schema = context.getSchema();
        if (second !== undefined)
          context.reportError(tooMuch('A document may ask for __schema or __type once', [only, second]));
        else if (sizeOf(schema, document, only, mostOf(schema)) > mostOf(schema))
          context.reportError(tooMuch(`This asks for more of the schema than ${mostOf(schema)} bytes`, [only]));
      },
    },
  };
};

const tooMuch = (message: string, nodes: readonly FieldNode[]) =>
  new GraphQLError(message, { nodes, extensions: { code: 'TOO_COMPLEX' } });

const known = new WeakMap<GraphQLSchema, number>();

const mostOf = (schema: GraphQLSchema): number => {
  const most = known.get(schema) ?? Math.ceil(ROOM * longestOf(schema));
  known.set(schema, most);
  return most;
};

const longestOf = (schema: GraphQLSchema): number => {
  const document = parse(getIntrospectionQuery(MAX_QUERY));
  let size = 0;
  visit(document, {
    Field: (node) => {
      if (META_FIELDS.includes(node.name.value)) size = sizeOf(schema, document, node, Infinity);
    },
  });
  return size;
};

/** Thrown as soon as the answer is known to be too long. */
class TooLongError extends Error {}

/**
 * @param document need not be valid
 * @param most measuring stops beyond this size
 * @returns the size of the JSON answer in bytes, ignoring @skip and @include, and as if __type named every type
 */
const sizeOf = (schema: GraphQLSchema, document: DocumentNode, field: FieldNode, most: number): number => {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  );
  /** The fragments being measured: another rule refuses one that contains itself. */
  const within = new Set<FragmentDefinitionNode>();
  let size = 0;

  const add = (bytes: number) => {
    size += bytes;
    if (size > most) throw new TooLongError();
  };

  const measureValue = (type: GraphQLType, value: unknown, selections: SelectionSetNode | undefined): void => {
    const nullable = getNullableType(type);
    if (value === null || value === undefined) return add('null'.length);
    if (isListType(nullable)) {
      add('[]'.length);
      for (const item of value as Iterable<unknown>) measureValue(nullable.ofType, item, selections);
    } else if (isObjectType(nullable)) {
      add('{},'.length);
      if (selections !== undefined) measure(nullable, value, selections);
    } else if (isLeafType(nullable)) {
      add(Buffer.byteLength(JSON.stringify(value)) + 1);
    }
  };

  const measure = (type: GraphQLObjectType, source: unknown, { selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        add((selection.alias?.value ?? name).length + '"":,'.length);
        if (name === TypeNameMetaFieldDef.name) add(type.name.length + '""'.length);
        const definition = type.getFields()[name];
        // Including deprecated ones, whether or not the document asks for them.
        const value: unknown = definition?.resolve?.(source, { includeDeprecated: true }, undefined, {
          schema,
        } as GraphQLResolveInfo);
        if (definition !== undefined) measureValue(definition.type, value, selection.selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        measure(type, source, selection.selectionSet);
      } else {
        const fragment = fragments.get(selection.name.value);
        // Every spread counts: fragments that each spread the next one twice grow exponentially, even if they select nothing.
        add(1);
        if (fragment === undefined || within.has(fragment)) continue;
        within.add(fragment);
        measure(type, source, fragment.selectionSet);
        within.delete(fragment);
      }
    }
  };

  const { type } = field.name.value === SchemaMetaFieldDef.name ? SchemaMetaFieldDef : TypeMetaFieldDef;
  const sources = field.name.value === SchemaMetaFieldDef.name ? [schema] : Object.values(schema.getTypeMap());
  try {
    for (const source of sources) measureValue(getNamedType(type), source, field.selectionSet);
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
  }
  return size;
};
