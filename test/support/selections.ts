/** Selections of everything that a type has, made from the schema. */
import { readFileSync } from 'node:fs';
import {
  buildSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isObjectType,
  type GraphQLCompositeType,
  type GraphQLField,
} from 'graphql';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

type Field = GraphQLField<unknown, unknown>;

export const rootFields = (operation: 'query' | 'mutation' | 'subscription'): Field[] => {
  const type = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  return Object.values(type[operation]!.getFields());
};

/**
 * All that can be selected of what a field gives; of a union or an interface one selection for each of its types, as fields of
 * one name may differ between them.
 *
 * @param depth how far to go on from it; pages count for nothing
 */
export const selectionsOf = (field: Field, depth: number): string[] => {
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return [''];
  const types = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
  return types.map((one) => `{ __typename ... on ${one.name} { ${everythingOf(one, depth)} } }`);
};

const everythingOf = (type: GraphQLCompositeType, depth: number): string => {
  if (!isObjectType(type)) return '__typename';
  const isPage = /(Connection|Edge)$/.test(type.name);
  const selected = Object.values(type.getFields()).flatMap((field) => {
    const of = getNamedType(field.type);
    if (isLeafType(of)) return [field.name];
    if (depth === 0 && !isPage) return [];
    // Two at a time, and one further down, so that the cost stays within its limit.
    const has = (name: string) => field.args.some((arg) => arg.name === name);
    const args = has('first') ? `(first: ${depth < 2 ? 1 : 2})` : has('limit') ? '(seq: 1, limit: 2)' : '';
    // A list in whole counts as a hundred, or as some: what its items lead to is selected elsewhere.
    const isWhole = args === '' && String(field.type).startsWith('[');
    // A page's `nodes` lead on, its edges to the same.
    const further = field.name === 'edges' ? 0 : isPage ? depth : isWhole ? 0 : depth - 1;
    return isCompositeType(of) ? [`${field.name}${args} { ${everythingOf(of, further)} }`] : [];
  });
  return ['__typename', ...selected].join(' ');
};
