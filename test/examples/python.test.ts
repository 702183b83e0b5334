/** The sample for Python says what the server understands. It needs gql to run, which npm does not bring: try it by hand. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, parse, validate } from 'graphql';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const schema = buildSchema(read('schema.graphql'));
const documents = [...read('examples/python/follow.py').matchAll(/^([A-Z]+) = """\n([\s\S]*?)"""/gm)].map(
  ([, name, text]) => [name!, text!] as const,
);

it('has its documents', () => {
  expect(documents.map(([name]) => name)).toEqual(['EVENTS', 'SEND']);
});

it.each(documents)('sends %s, which the server takes', (_name, document) => {
  expect(validate(schema, parse(document))).toEqual([]);
});
