import { getIntrospectionQuery, type IntrospectionOptions } from 'graphql';
import { afterAll, describe, expect, it } from 'vitest';
import { answerIn, answerText, times, type Params } from '../support/bytes.js';
import { ownNode, startNode, type TestNode } from '../support/node.js';
import { transports } from '../support/people.js';

const node = ownNode();

const MAX_BYTES = 4096;

const TYPES = `fragment T on __Type { fields { type { ...U ofType { ...U ofType { ...U ofType { ...U } } } } } possibleTypes { ...U } }
  fragment U on __Type { fields { description name args { name description type { kind name } } type { kind name description } } }`;

describe.each(transports)('the schema, read over %s,', (transport) => {
  const ask = async (query: string, params: Omit<Params, 'query'> = {}) => {
    const text = await answerText(node, transport, { query, ...params });
    return { text, ...answerIn(transport, text) };
  };

  it.each([
    [
      'all that introspection has',
      {
        descriptions: true,
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
        experimentalDirectiveDeprecation: true,
        oneOf: true,
      },
    ],
    ["graphql-js' own question", {}],
    ['no descriptions', { descriptions: false }],
  ] satisfies [string, IntrospectionOptions][])('is given whole: %s', async (_what, options) => {
    const { data, errors } = await ask(getIntrospectionQuery(options));

    expect(errors).toBeUndefined();
    expect(data).toHaveProperty('__schema.types');
  });

  it('is given a type at a time, named by a variable', async () => {
    const query =
      'query ($name: String!) { __type(name: $name) { ...Type } } fragment Type on __Type { name kind description fields { name description type { kind name ofType { kind name } } } }';

    expect((await ask(query, { variables: { name: 'Chat' } })).data).toHaveProperty('__type.name', 'Chat');
  });

  it.each<[string, string, string?]>([
    ['twice', '{ a: __schema { queryType { name } } b: __schema { queryType { name } } }'],
    ['once as a type', '{ __schema { queryType { name } } __type(name: "Chat") { name } }'],
    [
      'in fragments',
      'query { ...A ...B } fragment A on Query { a: __schema { queryType { name } } } fragment B on Query { b: __type(name: "Chat") { name } }',
    ],
    [
      'in another operation',
      'query A { __schema { queryType { name } } } query B { __schema { queryType { name } } }',
      'A',
    ],
    ['fourteen times', `{ ${times(14, (n) => `a${n}: __schema { types { ...T } }`)} } ${TYPES}`],
    ['round in a circle', `{ __schema { types { ...T } } } ${TYPES}`],
    [
      'with its types fourteen times',
      `{ __schema { ${times(14, (n) => `a${n}: types { description fields { description } }`)} } }`,
    ],
    [
      'by names that are long',
      `{ __schema { types { fields { ${times(9, (n) => `${'a'.repeat(127)}${n}: name`)} } } } }`,
    ],
    [
      'one type of each name, round in a circle',
      `query ($name: String = "Query") { __type(name: $name) { ...T } } ${TYPES}`,
    ],
    [
      'in fragments that double',
      `{ __schema { types { ...F0 } } } ${times(40, (n) => `fragment F${n} on __Type { ...F${n + 1} ...F${n + 1} }`)} fragment F40 on __Type { name }`,
    ],
  ])(
    'is not given more than once, nor more of it than tools ask for: %s',
    async (_what, query, operationName?: string) => {
      const { text, errors } = await ask(query, operationName === undefined ? {} : { operationName });

      expect(text.length).toBeLessThan(MAX_BYTES);
      expect(errors!.map(({ extensions }) => extensions.code)).toEqual(['TOO_COMPLEX']);
    },
  );

  it('is answered in at most a quarter more bytes than the longest question of tools', async () => {
    const longest = await ask(
      getIntrospectionQuery({ schemaDescription: true, inputValueDeprecation: true, specifiedByUrl: true }),
    );
    // As long as what still passes: one alias more, until it does not.
    let worst = 0;
    for (let count = 1; count < 15; count++) {
      const { text, errors } = await ask(
        `{ __schema { types { fields { ${times(count, (n) => `a${n}: description`)} } } } }`,
      );
      if (errors) break;
      worst = text.length;
    }

    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(longest.text.length * 1.3);
  });
});

describe.each(transports)('where the schema is not to be read, over %s,', (transport) => {
  it.each<[string, string, object?]>([
    ['a field', '{ viewr { id } }'],
    ['a field of another type', '{ serverInfo { nam } }'],
    ['a field that stands without its selection', '{ serverInfo }'],
    ['an argument', '{ chats(frst: 1) { nodes { id } } }'],
    ['an argument of a directive', '{ viewer @include(iff: true) { id } }'],
    ['a type', '{ node(id: "x") { ... on Usr { id } } }'],
    ['a fragment of a type', '{ node(id: "x") { ...F } } fragment F on Chatt { id }'],
    ["a variable's type", 'query ($x: Strin) { __typename }'],
    ['a value of an enum', '{ chats(kind: GROUPS) { nodes { id } } }'],
    ['a value of an enum by a variable', 'query ($k: ChatKind) { chats(kind: $k) { nodes { id } } }', { k: 'GROUPS' }],
    ['a field of an input', 'mutation { logIn(input: { usernam: "a", username: "a", password: "b" }) { __typename } }'],
    [
      'a field of an input by a variable',
      'mutation ($i: LogInInput!) { logIn(input: $i) { __typename } }',
      { i: { usernam: 'a', username: 'a', password: 'b' } },
    ],
    ['a member of a union', '{ viewer { ... on SendMessageResul { __typename } } }'],
  ])('no error suggests the name of %s', async (_what, query, variables) => {
    const text = await answerText(await closedNode(), transport, { query, ...(variables && { variables }) });

    expect(answerIn(transport, text).errors!.length).toBeGreaterThan(0);
    expect(text).not.toMatch(/did you mean|one of/i);
  });
});

it.each(transports)(
  '%s: where it may not be read, that is said once, with the setting that allows it',
  async (transport) => {
    const text = await answerText(await closedNode(), transport, { query: getIntrospectionQuery() });

    expect(answerIn(transport, text).errors).toEqual([
      {
        message: 'The schema cannot be read from this server: its operator can allow that by INTROSPECTION=on',
        locations: [expect.anything()],
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      },
    ]);
  },
);

let closed: Promise<TestNode> | undefined;

const closedNode = () => (closed ??= startNode({ introspection: false }));
afterAll(async () => (await closed)?.stop());

it('where it may be read, errors suggest names', async () => {
  const text = await answerText(node, 'http', { query: '{ viewr { id } }' });

  expect(answerIn('http', text).errors![0]!.message).toContain('Did you mean "viewer"');
});
