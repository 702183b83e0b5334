/** Selections by chance, from the schema: valid ones, however they look. */
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isObjectType,
  parse,
  validate,
  type GraphQLCompositeType,
  type GraphQLField,
} from 'graphql';
import { schema } from '../../src/graphql/schema.js';
import type { Random } from './random.js';

/** With `$yes` and `$count` to be given. */
export const randomSubscription = (random: Random, field: string, chatId: string): string => {
  for (;;) {
    const of = getNamedType(schema.getSubscriptionType()!.getFields()[field]!.type) as GraphQLCompositeType;
    const args = field === 'events' ? '' : `(chatId: "${chatId}")`;
    const text = `subscription ($yes: Boolean!, $count: Int) { ${field}${args} { ${selectionOf(of, 3, random)} } }`;
    // Both variables have to be used, and fields of one name may have to be alike.
    const document = `${text.replace('{ __typename', '{ __typename @include(if: $yes)')}`;
    if (validate(schema, parse(document)).every(({ message }) => /is never used/.test(message))) {
      return /\$count/.test(document.slice(44)) ? document : document.replace(', $count: Int', '');
    }
  }
};

const selectionOf = (type: GraphQLCompositeType, depth: number, random: Random): string => {
  if (isAbstractType(type)) {
    const types = schema.getPossibleTypes(type).filter(() => random.chance(0.6));
    return ['__typename', ...types.map((one) => `... on ${one.name} { ${selectionOf(one, depth, random)} }`)].join(' ');
  }
  if (!isObjectType(type)) return '__typename';
  const fields = Object.values(type.getFields()).filter((field) => isPossible(field, depth));
  const count = 1 + random.int(4);
  const selected = Array.from({ length: count }, () => fieldOf(random.pick(fields), depth, random));
  return [...new Set(selected), ...(random.chance(0.2) ? ['__typename'] : [])].join(' ');
};

const isPossible = ({ type }: GraphQLField<unknown, unknown>, depth: number) =>
  isLeafType(getNamedType(type)) || depth > 0;

const fieldOf = (field: GraphQLField<unknown, unknown>, depth: number, random: Random): string => {
  const type = getNamedType(field.type);
  const alias = random.chance(0.1) ? `other_${field.name}: ` : '';
  const when = random.chance(0.1) ? ` @${random.pick(['include', 'skip'])}(if: $yes)` : '';
  const has = (name: string) => field.args.some((arg) => arg.name === name);
  const args = has('first')
    ? `(first: ${random.pick(['$count', '1', '2'])})`
    : has('limit')
      ? '(seq: 1, limit: 2)'
      : '';
  const isPage = /(Connection|Edge)$/.test(type.name);
  const below = isCompositeType(type) ? ` { ${selectionOf(type, isPage ? depth : depth - 1, random)} }` : '';
  return `${alias}${field.name}${args}${when}${below}`;
};
