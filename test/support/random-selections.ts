/** Selections by chance, from the schema: valid ones, however they look. */
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  validate,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql';
import { schema } from '../../src/graphql/schema.js';
import type { Random } from './random.js';

/** With `$yes` and `$count` to be given. */
export const randomSubscription = (random: Random, field: string, chatId: string): string => {
  for (;;) {
    const of = getNamedType(schema.getSubscriptionType()!.getFields()[field]!.type) as GraphQLCompositeType;
    const args = field === 'events' ? '' : `(chatId: "${chatId}")`;
    const text = `subscription ($yes: Boolean!, $count: Int) { ${field}${args} { ${selectionOf(of, 3, random)} } }`;
    const document = withoutUnused(withConditions(text, random));
    // Fields of one name may have to be alike.
    if (validate(schema, parse(document)).length === 0) return document;
  }
};

/** Every second document: those with conditions are not compiled. */
const withConditions = (text: string, random: Random): string =>
  random.chance(0.5) ? text : text.replace(/ @(include|skip)\(if: \$yes\)/g, '');

/** Without the variables that are declared and not used. */
const withoutUnused = (text: string): string => {
  const [declared = ''] = /\(.*?\)/.exec(text) ?? [];
  const selections = text.slice(text.indexOf(declared) + declared.length);
  const used = declared
    .slice(1, -1)
    .split(', ')
    .filter((declaration) => selections.includes(`$${declaration.split(':')[0]!.slice(1)}`));
  return text.replace(declared, used.length === 0 ? '' : `(${used.join(', ')})`);
};

/**
 * With some of its arguments as variables, and some that are out of range.
 *
 * @param ids of objects that exist
 */
export const randomQuery = (
  random: Random,
  ids: readonly string[],
): { text: string; variables: Record<string, unknown> } => {
  const fields = Object.values(schema.getQueryType()!.getFields());
  for (;;) {
    const variables: Record<string, unknown> = { yes: random.chance(0.8), count: random.pick([1, 2, 500]) };
    const declared = ['$yes: Boolean!', '$count: Int'];
    const argument = (name: string, type: GraphQLInputType) => {
      const value = valueOf(type, random, ids);
      if (random.chance(0.5))
        return `${name}: ${isEnumType(getNamedType(type)) ? String(value) : JSON.stringify(value)}`;
      const variable = `v${declared.length}`;
      declared.push(`$${variable}: ${String(type)}`);
      variables[variable] = value;
      return `${name}: $${variable}`;
    };
    const fragments: string[] = [];
    const roots = Array.from({ length: 1 + random.int(2) }, (_, index) => {
      const field = random.pick(fields);
      const args = field.args
        .filter(({ type }) => isNonNullType(type) || random.chance(0.4))
        .map(({ name, type }) => argument(name, type));
      const type = getNamedType(field.type);
      let below = isCompositeType(type) ? ` { ${selectionOf(type, 4, random)} }` : '';
      if (below !== '' && random.chance(0.3)) {
        fragments.push(` fragment f${index} on ${type.name}${below}`);
        below = ` { ...f${index} ${selectionOf(type as GraphQLCompositeType, 2, random)} }`;
      }
      return `r${index}: ${field.name}${args.length === 0 ? '' : `(${args.join(', ')})`}${below}`;
    });
    const full = `query (${declared.join(', ')}) { ${roots.join(' ')} }${fragments.join('')}`;
    const text = withoutUnused(withConditions(full, random));
    if (validate(schema, parse(text)).length === 0) return { text, variables };
  }
};

/** Of the kinds of arguments that queries have. */
const valueOf = (type: GraphQLInputType, random: Random, ids: readonly string[]): unknown => {
  if (isNonNullType(type)) return valueOf(type.ofType, random, ids);
  if (isListType(type)) return Array.from({ length: random.int(4) }, () => valueOf(type.ofType, random, ids));
  if (isEnumType(type)) return random.pick(type.getValues()).name;
  switch (type.name) {
    case 'ID':
      return random.pick(ids);
    case 'Int':
      return random.pick([1, 2, 3, 0, -1]);
    case 'Boolean':
      return random.chance(0.5);
    // A wrong one is refused before anything is executed.
    case 'DateTime':
      return random.pick(['2020-01-01T00:00:00Z', '2100-01-01T00:00:00+03:00']);
    default:
      return random.pick(['a', '', 'no such']);
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
