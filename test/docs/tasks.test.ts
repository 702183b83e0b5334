/** What docs/tasks.md shows is what the schema has: all of it, and nothing else. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, isEnumType, isObjectType, parse, validate, type GraphQLObjectType } from 'graphql';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const page = read('docs/tasks.md');
const schema = buildSchema(read('schema.graphql'));
const documents = [...page.matchAll(/```graphql\n(\w+ (\w+)[\s\S]*?)```/g)].map(
  ([, document, name]) => [name!, document!] as const,
);
const named = [...page.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

const rootFields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
  Object.keys(type!.getFields()),
);

it.each(documents)('shows %s, which the server takes', (_name, document) => {
  expect(validate(schema, parse(document))).toEqual([]);
});

it('names every field at the root', () => {
  const words = new Set(named.map((name) => name.replace(/\(.*$/, '')));

  expect(rootFields.filter((field) => !words.has(field))).toEqual([]);
});

it('names no field or value that is not there', () => {
  const missing = named
    .map((name) => /^([A-Z]\w+)\.(\w+)/.exec(name))
    .filter((match) => match !== null)
    .filter(([, typeName, member]) => {
      const type = schema.getType(typeName!);
      if (isEnumType(type)) return type.getValue(member!) === undefined;
      return !isObjectType(type) || !((member as string) in (type as GraphQLObjectType).getFields());
    });

  expect(missing.map(([name]) => name)).toEqual([]);
});

it('says of every type and field of the kinds one can ignore that one can', () => {
  const section = page.slice(page.indexOf('## What you can ignore'));
  const special = /brand|plan|relation|match|order|business|joined/i;
  const own = Object.values(schema.getTypeMap()).filter(
    (type) => special.test(type.name) && !/(Success|Result|Input)$/.test(type.name),
  );
  const operations = rootFields.filter((field) => special.test(field));

  expect([...own.map(({ name }) => name), ...operations].filter((name) => !section.includes(`\`${name}`))).toEqual([]);
});
