import { describe, expect, it } from 'vitest';
import { answerIn, answerText, times, type Params } from '../support/bytes.js';
import { postBody } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { newPerson, transports } from '../support/people.js';

const node = ownNode();

const MAX_BYTES = 4096;
const long = (letter: string, length = 200_000) => letter.repeat(length);
const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'hidden']));
const SEND = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }';
const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { __typename } }';

describe.each(transports)('over %s', (transport) => {
  it.each<[string, Params]>([
    ['20,000 unknown keys of a variable', { query: SEND, variables: { input: keys(15_000) } }],
    [
      '20,000 unknown keys without a value',
      { query: SEND, variables: { input: Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, 1])) } },
    ],
    ['an unknown key that is long', { query: SEND, variables: { input: { [long('k')]: 1 } } }],
    [
      'unknown keys of control characters',
      {
        query: SEND,
        variables: { input: Object.fromEntries(Array.from({ length: 12 }, (_, n) => [long('\u0001', 1000) + n, 1])) },
      },
    ],
    ['a variable that is another thing, and long', { query: SEND, variables: { input: long('x') } }],
    [
      'a value that is another thing, and long',
      { query: SEND, variables: { input: { chatId: keys(10_000), text: [long('x', 50_000)] } } },
    ],
    [
      'a list of what it cannot hold',
      {
        query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
        variables: { ids: Array.from({ length: 20_000 }, () => ({})) },
      },
    ],
    ['variables that are missing', { query: `query (${times(300, (n) => `$v${n}: ID!`)}) { ${'__typename'} }` }],
    ['a field whose name is long', { query: `{ ${long('x')} }` }],
    ['fields that there are not', { query: `{ ${times(900, (n) => `field${n}`)} }` }],
    ['a number where none can be, and long', { query: `{ node(id: ${long('1')}.5) { id } }` }],
    ['a text where none can be, and long', { query: `{ chats(first: "${long('é', 100_000)}") { nodes { id } } }` }],
    [
      'an object where none can be',
      { query: `{ chats(first: { ${times(400, (n) => `k${n}: 1`)} }) { nodes { id } } }` },
    ],
    ['a directive that there is not', { query: `{ __typename @x(${times(400, (n) => `k${n}: 1`)}) }` }],
    ['arguments that there are not', { query: `{ viewer @include(${times(400, (n) => `k${n}: 1`)}) { id } }` }],
    ['fields that conflict', { query: `{ ${times(200, (n) => `node(id: "${n}") { id }`)} }` }],
    ['a text where a field should be', { query: `{ "${long('x')}" }` }],
    ['control characters where a field should be', { query: `{ "${'\\u0001'.repeat(30_000)}" }` }],
    ['an operation that is not in the document', { query: 'query A { __typename }', operationName: long('x') }],
    [
      'a hash that is none',
      { query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: long('x') } } },
    ],
    [
      'a version of persisted queries that there is not',
      { query: '{ __typename }', extensions: { persistedQuery: { version: long('x') } } },
    ],
    [
      'a field that one must sign in for, named again and again',
      { query: `{ ${times(280, () => 'chats { nodes { id } }')} }` },
    ],
    ['a hash that nobody has sent', { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }],
  ])('%s is answered in at most ten errors and 4 KB', async (_what, params) => {
    const text = await answerText(node, transport, params);

    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_BYTES);
    const { errors } = answerIn(transport, text);
    expect(errors!.length).toBeGreaterThan(0);
    expect(errors!.length).toBeLessThanOrEqual(10);
    expect(text).not.toContain('hidden');
  });

  it('variables are refused by their name, path and reason, never their value', async () => {
    const input = { username: 'ada', password: ['my secret'], passwort: 'my secret' };

    const text = await answerText(node, transport, { query: LOG_IN, variables: { input } });

    expect(text).not.toContain('my secret');
    expect(answerIn(transport, text).errors!.map(({ message }) => message)).toEqual([
      'Variable "$input" is invalid at "input.password": Expected a value of type "String!": text',
      'Variable "$input" is invalid: Field "passwort" is not defined by type "LogInInput". Did you mean "password"?',
    ]);
  });

  it.each([
    ['a number', '12345678'],
    ['a list', '["12345678"]'],
    ['an object', '{ a: "12345678" }'],
  ])('%s that stands in the document for a text is not told again', async (_what, value) => {
    const query = `mutation { logIn(input: { username: "ada", password: ${value} }) { __typename } }`;

    const text = await answerText(node, transport, { query });

    expect(text).not.toContain('12345678');
    expect(answerIn(transport, text).errors!.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Expected a value of type "String!?": text$/),
    ]);
  });

  it('a text that the parser trips over is not told again', async () => {
    const text = await answerText(node, transport, { query: 'mutation { logIn("my secret") { __typename } }' });

    expect(text).not.toContain('my secret');
    expect(answerIn(transport, text).errors![0]!.message).toBe('Syntax Error: Expected Name, found String.');
  });

  it('a page refused in each of many is told ten times', async () => {
    const ada = await newPerson(node, 'ada');
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on User { id ... on User { username } } } ${times(14, (n) => `a${n}: chats(first: 101) { nodes { id } }`)} }`;

    const { data, errors } = await ada.tell(transport, query, { ids: [ada.id] });

    expect(data).toMatchObject({ nodes: [{ username: ada.username }], a13: null });
    expect(errors).toHaveLength(10);
  });

  it('a name of 129 characters is too long for a document, one of 128 is not', async () => {
    const [long, fit] = await Promise.all(
      [129, 128].map((length) => answerText(node, transport, { query: `{ ${'a'.repeat(length)}: __typename }` })),
    );

    expect(answerIn(transport, long!).errors!.map(({ message }) => message)).toEqual([
      'A name in the document is longer than 128 characters',
    ]);
    expect(answerIn(transport, fit!)).toEqual({ data: { ['a'.repeat(128)]: 'Query' } });
  });

  it('10,001 lines are too many for a document, 10,000 are not', async () => {
    const [many, fit] = await Promise.all(
      [10_001, 10_000].map((lines) =>
        answerText(node, transport, { query: `${'\n'.repeat(lines - 1)}{ __typename }` }),
      ),
    );

    expect(answerIn(transport, many!).errors).toEqual([
      { message: 'The document has more than 10000 lines', extensions: { code: 'TOO_COMPLEX' } },
    ]);
    expect(answerIn(transport, fit!)).toEqual({ data: { __typename: 'Query' } });
  });
});

it('parameters that there are not, and several requests in one body, are refused as briefly', async () => {
  for (const body of [
    { query: '{ __typename }', [long('x')]: 1 },
    Array.from({ length: 5000 }, () => ({ query: '{ x }' })),
  ]) {
    const response = await postBody(node.endpoint, JSON.stringify(body));

    expect(response.status).toBe(400);
    expect((await response.text()).length).toBeLessThan(1000);
  }
});
