/** What makes no sense is answered as the contract says, alike over HTTP, Server-Sent Events and WebSocket. */
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.js';
import { decodeCursor, encodeCursor } from '../../src/log/cursor.js';
import { bearer, postBody } from '../support/http.js';
import type { Answer } from '../support/live.js';
import { ownNode } from '../support/node.js';
import { administrator, groupChat, headSeq, say, transports } from '../support/people.js';
import { openEvents } from '../support/sse.js';

const node = ownNode();

const makeScene = async () => {
  const { ada, boris, chat } = await groupChat(node);
  const other = await groupChat(node);
  return { ada, boris, chat, message: await say(ada, chat, 'Hello'), other };
};

/** For all tests: nothing of what they ask for may change anything in it. */
let scene: Awaited<ReturnType<typeof makeScene>>;
beforeAll(async () => {
  scene = await makeScene();
});

const codesOf = ({ errors }: Answer<unknown>) => errors?.map(({ extensions }) => extensions?.code);

const fieldOf = ({ data, errors }: Answer<unknown>): unknown => {
  if (!data) throw new Error(JSON.stringify(errors));
  return Object.values(data)[0];
};

/** What somebody may take for a `wanted` id. */
const notIds = (wanted: string, real: { chat: string; user: string; message: string }): [string, string][] => [
  ['empty', ''],
  ['no base64', '§'],
  ['a bare number', '1'],
  ...Object.entries(real)
    .filter(([what]) => what !== wanted)
    .map(([what, id]): [string, string] => [`a ${what}'s`, id]),
  ['of no type there is', encodeGlobalId('Nothing', '1')],
  ["of an object's property", encodeGlobalId('constructor', '1')],
  ['of number 0', encodeGlobalId(typeNames[wanted]!, '0')],
  ['beyond bigint', encodeGlobalId(typeNames[wanted]!, '9223372036854775808')],
  ['of an infinite number', encodeGlobalId(typeNames[wanted]!, '9'.repeat(60))],
  ['another spelling of one', `${real[wanted as 'chat']}=`],
  ['one with a space after it', `${real[wanted as 'chat']} `],
  ['of what is not there', encodeGlobalId(typeNames[wanted]!, wanted === 'message' ? '999999:1' : '999999')],
];
const typeNames: Record<string, string> = { chat: 'Chat', user: 'User', message: 'Message' };

const PARSE = 'GRAPHQL_PARSE_FAILED';
const VALIDATION = 'GRAPHQL_VALIDATION_FAILED';
const BAD_INPUT = 'BAD_USER_INPUT';

describe.each(transports)('over %s', (transport) => {
  it.each([
    ['a document that is none', '{ viewer', {}, PARSE],
    ['an empty document', '', {}, PARSE],
    ['a field that is not there', '{ viewer { id } nothing }', {}, VALIDATION],
    ['a field without its selection', '{ viewer }', {}, VALIDATION],
    ['an operation that is not there', 'mutation { ban(userId: "1") { __typename } }', {}, VALIDATION],
    ['several operations and the name of none', 'query A { __typename } query B { __typename }', {}, BAD_INPUT],
    [
      'a subscription to two things',
      'subscription { a: events { __typename } b: events { __typename } }',
      {},
      VALIDATION,
    ],
    ['a fragment on a type that is not there', '{ viewer { ... on Robot { id } } }', {}, VALIDATION],
    ['a fragment that holds itself', '{ ...A } fragment A on Query { ...A }', {}, VALIDATION],
    [
      'a number where a text belongs',
      'mutation { logIn(input: { username: 5, password: "x" }) { __typename } }',
      {},
      VALIDATION,
    ],
    ['a text where a number belongs', 'query ($n: Int) { chats(first: $n) { nodes { id } } }', { n: 'ten' }, BAD_INPUT],
    ['a number that is no Int', 'query ($n: Int) { chats(first: $n) { nodes { id } } }', { n: 2 ** 31 }, BAD_INPUT],
    ['a variable that is not given', 'query ($id: ID!) { chat(id: $id) { id } }', {}, BAD_INPUT],
    ['null for what is required', 'query ($id: ID!) { message(id: $id) { id } }', { id: null }, BAD_INPUT],
    ['an object for an id', 'query ($id: ID!) { message(id: $id) { id } }', { id: {} }, BAD_INPUT],
    ['an input field that is not there', 'mutation { logOut(input: { loudly: true }) { __typename } }', {}, VALIDATION],
    ['an enum value that is not there', '{ chats(kind: SECRET) { nodes { id } } }', {}, VALIDATION],
  ])('S2.16 S2.20 refuses %s as the whole request', async (_what, document, variables, code) => {
    const { ada } = scene;

    const answer = await ada.tell(transport, document, variables);

    expect(answer.data ?? null).toBeNull();
    expect(codesOf(answer)).toEqual([code]);
    expect(await ada.tell(transport, '{ __typename }')).toMatchObject({ data: { __typename: 'Query' } });
  });

  it('answers an id of another type, or of nothing, with null in queries and NotFoundError in mutations', async () => {
    const { ada, chat, message } = scene;
    const real = { chat: chat.id, user: ada.id, message: message.id };

    const queries: [string, string][] = [
      ['chat', 'query ($id: ID!) { chat(id: $id) { id } }'],
      ['user', 'query ($id: ID!) { user(id: $id) { id } }'],
      ['message', 'query ($id: ID!) { message(id: $id) { id } }'],
    ];
    const mutations: [string, string][] = [
      ['chat', 'mutation ($id: ID!) { sendMessage(input: { chatId: $id, text: "x" }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { markRead(input: { chatId: $id }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { setTyping(input: { chatId: $id, isTyping: true }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { leaveChat(input: { chatId: $id }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { closeChat(input: { chatId: $id }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { updateChat(input: { chatId: $id, name: "x" }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { reopenChat(input: { chatId: $id }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { addChatMember(input: { chatId: $id, userId: $id }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { removeChatMember(input: { chatId: $id, userId: $id }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { deleteMessages(input: { chatId: $id, messageIds: [$id] }) { __typename } }'],
      ['chat', 'mutation ($id: ID!) { markNotificationsRead(input: { notificationIds: [$id] }) { __typename } }'],
      ['user', 'mutation ($id: ID!) { createChat(input: { name: "x", memberIds: [$id] }) { __typename } }'],
      ['user', 'mutation ($id: ID!) { openDirectChat(input: { userId: $id }) { __typename } }'],
      ['message', 'mutation ($id: ID!) { editMessage(input: { messageId: $id, text: "x" }) { __typename } }'],
    ];
    const ask = async (document: string, id: string) => fieldOf(await ada.tell(transport, document, { id }));
    const told = async (all: [string, string][]) =>
      Promise.all(
        all.flatMap(([wanted, document]) =>
          notIds(wanted, real).map(async ([what, id]) => [`${document} ${what}`, await ask(document, id)] as const),
        ),
      );

    for (const [what, answer] of await told(queries)) expect(answer, what).toBeNull();
    for (const [what, answer] of await told(mutations)) expect(answer, what).toEqual({ __typename: 'NotFoundError' });
  });

  it('answers null for each node that is none, in its place', async () => {
    const { ada, chat } = scene;

    const answer = await ada.tell(transport, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: ['', '1', chat.id, encodeGlobalId('Chat', '999999'), ada.id],
    });

    expect(answer).toMatchObject({ data: { nodes: [null, null, { id: chat.id }, null, { id: ada.id }] } });
  });

  it.each([
    ['negative', { first: -1 }],
    ['negative, backwards', { last: -1 }],
    ['of more than 100', { first: 101 }],
    ['of as many as an Int can say', { first: 2 ** 31 - 1 }],
    ['of more than 100, backwards', { last: 101 }],
    ['in both directions at once', { first: 10, last: 10 }],
    ['after a cursor that is none', { first: 10, after: 'nonsense' }],
    ['after an empty cursor', { after: '' }],
    ['before a cursor that is none', { last: 10, before: Buffer.from('["chats",1]').toString('base64url') }],
  ])('refuses a page %s with BAD_USER_INPUT, of every list', async (_what, page) => {
    const { ada, chat } = scene;
    const args = 'first: $first, after: $after, last: $last, before: $before';
    const lists = [
      `chats(${args}) { nodes { id } }`,
      `users(${args}) { nodes { id } }`,
      `messages(${args}) { nodes { id } }`,
      `notifications(${args}) { nodes { id } }`,
      `chat(id: $id) { members(${args}) { nodes { id } } }`,
      `chat(id: $id) { messages(${args}) { nodes { id } } }`,
      `chat(id: $id) { log(${args}) { nodes { seq } } }`,
    ];

    for (const list of lists) {
      const variables = 'query ($id: ID, $first: Int, $after: String, $last: Int, $before: String)';
      // The variable for the chat is always used, or validation would refuse the document.
      const document = `${variables} { node(id: $id) { id } ${list} }`.replace('$id: ID,', '$id: ID!,');
      const answer = await ada.tell(transport, document, { id: chat.id, ...page });

      expect(codesOf(answer), list).toEqual(['BAD_USER_INPUT']);
      // Root fields are nullable: the other one is answered.
      expect(answer.data, list).toMatchObject({ node: { id: chat.id } });
    }
  });

  it("refuses another list's page cursor", async () => {
    const { ada, chat } = scene;
    const { chats } = await ada.ask<{ chats: { pageInfo: { endCursor: string } } }, object>(
      '{ chats { pageInfo { endCursor } } }',
    );

    const answer = await ada.tell(
      transport,
      'query ($id: ID!, $after: String) { chat(id: $id) { messages(first: 5, after: $after) { nodes { id } } } }',
      { id: chat.id, after: chats.pageInfo.endCursor },
    );

    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });

  it.each([
    ['chat', ''],
    ['chat', '(id: "x", slug: "y")'],
    ['chat', '(slug: "y", orderRef: "z")'],
    ['user', ''],
    ['user', '(id: "x", username: "y")'],
  ])('refuses %s%s, which names none or several', async (field, args) => {
    const { ada } = scene;

    const answer = await ada.tell(transport, `{ ${field}${args} { id } }`);

    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.data).toEqual({ [field]: null });
  });

  it.each([
    ['NUL', 'a\0b', 'InvalidInputError'],
    ['half a surrogate pair', 'a\ud83d', 'InvalidInputError'],
    ['the other half', '\ude00a', 'InvalidInputError'],
    ['nothing', '', 'TextEmptyError'],
    ['nothing but white space', ' \t\r\n\u00a0\u2003\u3000\ufeff', 'TextEmptyError'],
    ['nothing but what is not seen', '\u200b\u3164\u2800\u00ad\u2060\ufe0f\u{e0041}', 'TextEmptyError'],
    ['1,001 characters', 'x'.repeat(1001), 'TextTooLongError'],
    ['1,001 characters of four bytes', '😀'.repeat(1001), 'TextTooLongError'],
    // S2.14 S2.15 S2.22 C1
  ])('refuses %s as a text, to send and to edit', async (_what, text, error) => {
    const { ada, chat, message } = scene;

    const before = await headSeq(ada, chat);
    const send =
      'mutation ($id: ID!, $text: String!) { sendMessage(input: { chatId: $id, text: $text }) { __typename } }';
    const edit =
      'mutation ($id: ID!, $text: String!) { editMessage(input: { messageId: $id, text: $text }) { __typename } }';

    expect(fieldOf(await ada.tell(transport, send, { id: chat.id, text }))).toEqual({ __typename: error });
    expect(fieldOf(await ada.tell(transport, edit, { id: message.id, text }))).toEqual({ __typename: error });
    expect(await headSeq(ada, chat)).toBe(before);
  });

  it.each([
    ['nothing but a zero-width space', '\u200b', { code: 'BLANK', limit: null }],
    ['nothing but a Hangul filler', '\u3164', { code: 'BLANK', limit: null }],
    ['nothing but a Braille cell without dots', '\u2800', { code: 'BLANK', limit: null }],
    ['what turns the direction of writing', 'invoice\u202efdp.exe', { code: 'MALFORMED', limit: null }],
    ['an isolate without an end', 'a\u2066b', { code: 'MALFORMED', limit: null }],
    ['101 characters', 'x'.repeat(101), { code: 'TOO_LONG', limit: 100 }],
  ])('refuses %s in every name, and says why by a code', async (_what, name, refusal) => {
    const { chat, ada } = scene;
    const root = await administrator(node);
    const refused = '{ __typename ... on InvalidInputError { reason fields { path code limit } } }';

    const answer = await root.tell(
      transport,
      `mutation ($name: String!, $chatId: ID!, $userId: ID!) {
        createChat(input: { name: $name }) ${refused}
        updateChat(input: { chatId: $chatId, name: $name }) ${refused}
        createBrand(input: { name: $name, ownerId: $userId }) ${refused}
        createApiToken(input: { name: $name }) ${refused}
        openOrderChat(input: { orderRef: $name, memberIds: [] }) ${refused}
      }`,
      { name, chatId: chat.id, userId: ada.id },
    );

    const fields: unknown[] = Object.values(answer.data ?? {});
    expect(fields).toHaveLength(5);
    for (const field of fields) {
      expect(field).toMatchObject({ __typename: 'InvalidInputError', fields: [refusal] });
      expect((field as { reason: string }).reason).toMatch(/^The (name|order reference) must .*\.$/);
    }
  });

  it('refuses what no text may hold in any other text, and a key of more than 128 characters', async () => {
    const { ada, chat } = scene;
    const ask = async (document: string, variables: object) => fieldOf(await ada.tell(transport, document, variables));
    const send =
      'mutation ($id: ID!, $key: ID) { sendMessage(input: { chatId: $id, text: "x", clientMessageId: $key }) { __typename } }';

    for (const key of ['', 'a\0', '\ud83d', 'k'.repeat(129)])
      expect(await ask(send, { id: chat.id, key }), key).toEqual({ __typename: 'InvalidInputError' });
    for (const text of ['a\0', '\ud83d']) {
      const profile = 'mutation ($text: String) { updateProfile(input: { firstName: $text }) { __typename } }';
      expect(await ask(profile, { text })).toEqual({ __typename: 'InvalidInputError' });
      const search = 'query ($text: String) { users(search: $text) { nodes { id } } }';
      expect(codesOf(await ada.tell(transport, search, { text }))).toEqual(['BAD_USER_INPUT']);
      expect(await ask('query ($text: String) { user(username: $text) { id } }', { text })).toBeNull();
      expect(await ask('query ($text: String) { chat(slug: $text) { id } }', { text })).toBeNull();
    }
  });
});

describe.each(['sse', 'ws'] as const)('a subscription over %s', (transport) => {
  const CHAT =
    'subscription ($id: ID!, $after: Cursor) { chatEvents(chatId: $id, after: $after) { __typename ... on SubscriptionEnded { code reason } } }';
  const MESSAGES = 'subscription ($id: ID!, $after: Cursor) { messageSent(chatId: $id, after: $after) { seq } }';

  /** All that it is told until it is complete. */
  const told = async (document: string, variables: object) => {
    const { ada } = scene;
    const live =
      transport === 'ws'
        ? (await ada.connect()).open(document, variables)
        : await openEvents(node.endpoint, document, variables, { token: ada.session.accessToken });
    expect(await live.ended).toBe('complete');
    return live.answers;
  };

  it('S2.13 of a chat that is none ends with CHAT_GONE', async () => {
    const { ada, chat, message, other } = scene;
    const ids = notIds('chat', { chat: chat.id, user: ada.id, message: message.id });

    for (const [what, id] of [...ids, ["others'", other.chat.id]]) {
      expect(await told(CHAT, { id }), what).toEqual([
        {
          data: {
            chatEvents: { __typename: 'SubscriptionEnded', code: 'CHAT_GONE', reason: 'There is no such chat' },
          },
        },
      ]);
      for (const document of [
        MESSAGES,
        'subscription ($id: ID!) { typingChanged(chatId: $id) { chatId } }',
        'subscription ($id: ID!) { messagesRead(chatId: $id) { chatId } }',
      ]) {
        expect(await told(document, { id }), what).toMatchObject([
          {
            data: null,
            errors: [
              { message: 'There is no such chat', extensions: { code: 'SUBSCRIPTION_ENDED', endCode: 'CHAT_GONE' } },
            ],
          },
        ]);
      }
    }
  });

  it("refuses a cursor that is malformed or another chat's with BAD_USER_INPUT", async () => {
    const { chat, other } = scene;
    const place = decodeCursor(chat.cursor)!;
    const cursors = {
      empty: '',
      nonsense: 'nonsense',
      'a number': 5,
      'a spelling of its own': `${chat.cursor}=`,
      'a cursor and more': `${chat.cursor}x`,
      'below zero': encodeCursor({ ...place, seq: -1 }),
      "another chat's": other.chat.cursor,
    };

    for (const [what, after] of Object.entries(cursors))
      for (const document of [CHAT, MESSAGES])
        expect((await told(document, { id: chat.id, after })).map(codesOf), what).toEqual([['BAD_USER_INPUT']]);
  });

  it('answers a cursor of no log with ResyncRequired and the head, or RESYNC_REQUIRED where there is no such event', async () => {
    const { ada, chat } = scene;
    const place = decodeCursor(chat.cursor)!;
    const head = await headSeq(ada, chat);

    for (const beyond of [
      { ...place, seq: 1_000_000 },
      { ...place, mark: place.mark ^ 1 },
    ]) {
      const after = encodeCursor(beyond);
      const following = await ada.follow(chat, { over: transport, after });
      expect(await following.event('ChatReady')).toMatchObject({ headSeq: head });
      expect(following.events.map(({ __typename }) => __typename)).toEqual(['ResyncRequired', 'ChatReady']);
      expect(await told(MESSAGES, { id: chat.id, after })).toMatchObject([
        { data: null, errors: [{ extensions: { code: 'SUBSCRIPTION_ENDED', endCode: 'RESYNC_REQUIRED' } }] },
      ]);
    }
  });
});

const malformed: [string, string | Uint8Array<ArrayBuffer>][] = [
  ['no JSON', 'no JSON'],
  ['half of it', '{"query": "{ viewer'],
  ['a text', '"{ viewer { id } }"'],
  ['a list', '[{"query": "{ viewer { id } }"}]'],
  ['nothing', ''],
  ['null', 'null'],
  ['without a query', '{"variables": {}}'],
  ['with a query that is none', '{"query": 5}'],
  ['with variables that are none', '{"query": "{ viewer { id } }", "variables": "none"}'],
  ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
];

describe.each([
  ['HTTP', 'application/json'],
  ['Server-Sent Events', 'text/event-stream'],
])('a body over %s', (_what, accept) => {
  it.each(malformed)('S2.14 that is %s is refused with 400 and BAD_USER_INPUT', async (_how, body) => {
    const { ada } = scene;

    const response = await postBody(node.endpoint, body, { Accept: accept, ...bearer(ada.session.accessToken) });

    expect(response.status).toBe(400);
    expect(await response.text()).toContain('"code":"BAD_USER_INPUT"');
  });
});

describe('a message over a WebSocket', () => {
  it.each([
    ['no JSON', 'no JSON'],
    ['a text', '"hello"'],
    ['of a type that is none', '{"type":"shout"}'],
    ['without a type', '{"id":"1"}'],
    ['without an id', '{"type":"subscribe","payload":{"query":"{ viewer { id } }"}}'],
    ['without a query', '{"type":"subscribe","id":"1","payload":{}}'],
    ['with a query that is none', '{"type":"subscribe","id":"1","payload":{"query":5}}'],
    ['with variables that are none', '{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":"none"}}'],
    // S2.14 S2.16 S2.20
  ])('that is %s closes that socket with 4400, and no other', async (_what, message) => {
    const { ada, boris, chat } = scene;
    const [socket, others] = [await ada.connect(), await boris.follow(chat)];
    await others.event('ChatReady');

    socket.send(message);

    expect(await socket.closed).toMatchObject({ code: 4400 });
    await ada.send(chat, 'still there?');
    expect(await others.event('MessageSent')).toMatchObject({ message: { text: 'still there?' } });
  });
});
