/**
 * Plain requests are answered without the engine. A charset in `Accept`, which changes nothing, leaves a request to the engine: both
 * ways are asked the same, and must answer the same.
 */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { bearer, postBody } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { groupChat, type Chat, type Person } from '../support/people.js';

const node = ownNode();

let ada: Person;
let chat: Chat;

beforeAll(async () => {
  ({ ada, chat } = await groupChat(node));
  await ada.send(chat, 'a text');
});

/** As the client sees it, without what differs from one request to the next. */
const answerOf = async (body: string, accept: string, token: string | undefined) => {
  const response = await postBody(node.endpoint, body, { Accept: accept, ...bearer(token) });
  const { date: _date, 'x-request-id': _id, ...headers } = Object.fromEntries(response.headers);
  const text = (await response.text()).replace(/"requestId":"[^"]+"/g, '"requestId":"…"');
  return { status: response.status, headers, text };
};

const both = async (body: string, { accept = '*/*', token }: { accept?: string; token?: string | undefined } = {}) => ({
  quick: await answerOf(body, accept, token),
  engine: await answerOf(body, accept.replace(/[^,]+/g, '$&;charset=utf-8'), token),
});

const ask = (query: string, more: object = {}) => JSON.stringify({ query, ...more });

const BODIES: Record<string, () => string> = {
  'a query': () => ask('{ viewer { user { username } } }'),
  'a page': () =>
    ask('query ($id: ID!) { chat(id: $id) { title messages(first: 3) { nodes { id text sender { username } } } } }', {
      variables: { id: chat.id },
    }),
  'a mutation': () =>
    ask(
      'mutation ($id: ID!) { sendMessage(input: { chatId: $id, text: "once", clientMessageId: "one" }) { __typename ... on SendMessageSuccess { message { id text } } } }',
      { variables: { id: chat.id } },
    ),
  'a mutation that is refused': () =>
    ask('mutation { sendMessage(input: { chatId: "x", text: "once" }) { __typename ... on Error { message } } }'),
  'one operation of several': () =>
    ask('query A { __typename } query B { viewer { user { id } } }', { operationName: 'B' }),
  'several operations and no name': () => ask('query A { __typename } query B { __typename }'),
  'a name that no operation has': () => ask('query A { __typename }', { operationName: 'C' }),
  introspection: () => ask('{ __schema { queryType { name } } }'),
  'a field that fails beside one that does not': () =>
    ask(`{ viewer { user { username } } chat(id: "x", slug: "y") { id } }`),
  'too much': () =>
    ask(
      '{ chats(first: 100) { nodes { messages(first: 100) { nodes { chat { messages(first: 100) { nodes { id } } } } } } } }',
    ),
  'a variable of another type': () =>
    ask('query ($id: ID!) { chat(id: $id) { id } }', { variables: { id: { no: 'id' } } }),
  'a variable that is missing': () => ask('query ($id: ID!) { chat(id: $id) { id } }'),
  'a document that is none': () => ask('{ viewer {'),
  'an invalid document': () => ask('{ nothing }'),
  'a subscription': () => ask('subscription { typingChanged(chatId: "x") { isTyping } }'),
  'no query': () => '{}',
  'a query that is no text': () => '{"query":7}',
  'variables that are a list': () => '{"query":"{ __typename }","variables":[]}',
  'a parameter that there is not': () => '{"query":"{ __typename }","more":1}',
  'a list': () => '[{"query":"{ __typename }"}]',
  'no JSON': () => '{',
  'the hash of a document that nobody sent': () =>
    JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
  'a document with its hash': () => {
    const query = '{ __typename }';
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    return ask(query, { extensions: { persistedQuery: { version: 1, sha256Hash } } });
  },
};

describe.each([
  ['somebody', () => ada.session.accessToken],
  ['nobody', () => undefined],
  ['a token that is none', () => 'nonsense'],
])('what %s is answered without the engine is what it answers, to', (_who, token) => {
  it.each(Object.entries(BODIES))('%s', async (_what, body) => {
    for (let times = 0; times < 2; times += 1) {
      const { quick, engine } = await both(body(), { token: token() });

      expect(quick).toEqual(engine);
    }
  });
});

it.each([
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json',
  'application/graphql-response+json,application/json;q=0.9',
  'application/json, application/graphql-response+json',
  'application/*',
  'text/html, */*;q=0.1',
  'text/html',
  'text/event-stream',
  'text/event-stream, application/json',
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
])('the answer is of the same type for Accept: %s', async (accept) => {
  for (const body of [ask('{ __typename }'), ask('{ chat(id: "x") { id } }'), ask('{ nothing }')]) {
    const { quick, engine } = await both(body, { accept });

    expect(quick).toEqual(engine);
  }
});
