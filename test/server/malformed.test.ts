import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/log/cursor.js';
import { ChatEventsDocument, MessageSentDocument } from '../support/generated/operations.js';
import { bearer, post, postBody } from '../support/http.js';
import type { Answer } from '../support/live.js';
import { ownNode } from '../support/node.js';
import { groupChat, groupOf, transports, type Chat, type Person } from '../support/people.js';

const node = ownNode();

const codesOf = ({ errors }: Answer<unknown>) => errors?.map(({ extensions }) => extensions?.code);

describe.each(transports)('over %s', (transport) => {
  it.each([
    ['no document', '{', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an empty document', '', {}, 'GRAPHQL_PARSE_FAILED'],
    ['a field that there is not', '{ nothing }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['a field without its selection', '{ viewer }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['a variable that is missing', 'query ($id: ID!) { node(id: $id) { id } }', {}, 'BAD_USER_INPUT'],
    ['a variable of a wrong type', 'query ($id: ID!) { node(id: $id) { id } }', { id: { a: 1 } }, 'BAD_USER_INPUT'],
    [
      'a number that is too large',
      'query ($n: Int) { chats(first: $n) { nodes { id } } }',
      { n: 2 ** 31 },
      'BAD_USER_INPUT',
    ],
    ['a page that is too large', '{ chats(first: 101) { nodes { id } } }', {}, 'BAD_USER_INPUT'],
    ['a page of less than nothing', '{ chats(first: -1) { nodes { id } } }', {}, 'BAD_USER_INPUT'],
    ['a page of both ends', '{ chats(first: 1, last: 1) { nodes { id } } }', {}, 'BAD_USER_INPUT'],
    ['a page after what is no cursor', '{ chats(after: "x") { nodes { id } } }', {}, 'BAD_USER_INPUT'],
    ['a chat by nothing', '{ chat { id } }', {}, 'BAD_USER_INPUT'],
    [
      'a subscription to two things',
      'subscription { a: notificationReceived { id } b: notificationReceived { id } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a document too deep', `{ ${'viewer { ... { '.repeat(10)} viewer { id } ${'} } '.repeat(10)}}`, {}, undefined],
    [
      'aliases without end',
      `{ ${Array.from({ length: 50 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
      {},
      'TOO_COMPLEX',
    ],
    ['more tokens than anybody needs', `{ ${'__typename '.repeat(3000)} }`, {}, 'TOO_COMPLEX'],
    [
      'pages of pages of pages',
      '{ chats(first: 100) { nodes { members(first: 100) { nodes { user { id } } } messages(first: 100) { nodes { sender { id } } } } } }',
      {},
      'TOO_COMPLEX',
    ],
    [
      'messages around nothing',
      'query ($chat: ID!) { chat(id: $chat) { messagesAround { nodes { id } } } }',
      {},
      'BAD_USER_INPUT',
    ],
    [
      'more messages around one than a page holds',
      'query ($chat: ID!) { chat(id: $chat) { messagesAround(seq: 1, limit: 101) { nodes { id } } } }',
      {},
      'BAD_USER_INPUT',
    ],
    [
      'pages around the same place in each of many chats',
      '{ chats(first: 100) { nodes { messagesAround(seq: 1, limit: 100) { nodes { id seq } } } } }',
      {},
      'TOO_COMPLEX',
    ],
    [
      'what was deleted with all that was deleted with it',
      'query ($chat: ID!) { chat(id: $chat) { log(last: 4) { nodes { ... on MessagesDeleted { messages { chat { log(last: 4) { nodes { ... on MessagesDeleted { messages { id } } } } } } } } } } }',
      {},
      'TOO_COMPLEX',
    ],
    [
      'a page of a log that is too long',
      'query ($chat: ID!) { chat(id: $chat) { log(first: 101) { nodes { seq } } } }',
      {},
      'BAD_USER_INPUT',
    ],
    [
      'the logs of many chats',
      '{ chats(first: 100) { nodes { log(last: 100) { nodes { seq cursor } } } } }',
      {},
      'TOO_COMPLEX',
    ],
  ])('%s is refused', async (_what, query, variables, code) => {
    const { ada, chat } = await group();

    const answer = await ada.tell(transport, query, { chat: chat.id, ...variables });

    expect(answer.errors?.length).toBeGreaterThan(0);
    if (code !== undefined) expect(new Set(codesOf(answer))).toEqual(new Set([code]));
    // Whatever was refused, there is someone to answer the next.
    expect(await ada.tell(transport, '{ __typename }')).toMatchObject({ data: { __typename: 'Query' } });
  });

  it('one root field that is refused leaves the others their answers', async () => {
    const { ada } = await group();

    const answer = await ada.tell(
      transport,
      'query ($ids: [ID!]!) { viewer { username } nodes(ids: $ids) { id } chats(first: 101) { nodes { id } } }',
      { ids: Array.from({ length: 101 }, () => ada.id) },
    );

    expect(answer.data).toEqual({ viewer: { username: ada.username }, nodes: null, chats: null });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
  });

  it('S2.16 an operation that the document does not hold is refused', async () => {
    const { ada } = await group();

    expect(codesOf(await ada.tell(transport, 'query A { __typename } query B { __typename }'))).toEqual([
      'BAD_USER_INPUT',
    ]);
  });

  it('an id of another type, or none, is of nothing: null, and NotFoundError', async () => {
    const { ada, chat } = await group();

    for (const id of [ada.id, 'x', '', 'Q2hhdDo5OTk5OTk5OTk5OTk5OTk5OTk5OTk=', `${chat.id} `]) {
      const read = await ada.tell(transport, 'query ($id: ID!) { chat(id: $id) { id } message(id: $id) { id } }', {
        id,
      });
      const written = await ada.tell(
        transport,
        'mutation ($id: ID!) { sendMessage(input: { chatId: $id, text: "x" }) { __typename } leaveChat(input: { chatId: $id }) { __typename } }',
        { id },
      );

      expect(read, id).toMatchObject({ data: { chat: null, message: null } });
      expect(written, id).toMatchObject({
        data: { sendMessage: { __typename: 'NotFoundError' }, leaveChat: { __typename: 'NotFoundError' } },
      });
    }
  });

  it.each([
    ['NUL', 'a\0b'],
    ['half a character', 'a\ud800b'],
  ])('text that holds %s is an InvalidInputError', async (_what, text) => {
    const { ada, chat } = await group();

    const answer = await ada.tell(
      transport,
      'mutation ($id: ID!, $text: String!) { sendMessage(input: { chatId: $id, text: $text }) { __typename } }',
      { id: chat.id, text },
    );

    expect(answer).toMatchObject({ data: { sendMessage: { __typename: 'InvalidInputError' } } });
  });
});

describe.each(['sse', 'ws'] as const)('a subscription over %s', (over) => {
  it('to a chat that there is not ends with CHAT_GONE and is complete', async () => {
    const { ada } = await group();

    for (const id of [ada.id, 'x', 'Q2hhdDo5OTk5OTk=']) {
      const following = await ada.follow({ id }, { over });

      expect(await following.event('SubscriptionEnded')).toMatchObject({ code: 'CHAT_GONE' });
      expect(await following.ended).toBe('complete');
    }
  });

  it('after a cursor that is none, or of another chat, is refused', async () => {
    const { ada, root, chat } = await group();
    const other = await groupOf(root, ada);

    for (const after of ['x', '', other.cursor, `${chat.cursor}x`]) {
      const following = await ada.follow(chat, { over, after });

      expect(codesOf(await following.next()), after).toEqual(['BAD_USER_INPUT']);
      expect(await following.ended).toBe('complete');
    }
  });

  it('after a cursor beyond the head begins anew, and says so', async () => {
    const { ada, chat } = await group();
    const place = decodeCursor(chat.cursor)!;

    for (const beyond of [
      { ...place, seq: 1000 },
      { ...place, mark: place.mark ^ 1 },
    ]) {
      const following = await ada.follow(chat, { over, after: encodeCursor(beyond) });
      await following.event('ChatReady');

      expect(following.events.map(({ __typename }) => __typename)).toEqual(['ResyncRequired', 'ChatReady']);
    }
  });

  it('that cannot say so in its type ends with an error, and is complete', async () => {
    const { ada } = await group();

    const answer = await ada.tell(over, MessageSentDocument, { chatId: 'x' });

    expect(answer.errors).toMatchObject([{ extensions: { code: 'SUBSCRIPTION_ENDED', endCode: 'CHAT_GONE' } }]);
  });
});

it('a subscription asked for as JSON is not acceptable, and nothing is left open for it', async () => {
  const { ada, chat } = await group();
  const headers = { Accept: 'application/json' };
  const options = { token: ada.session.accessToken, headers };

  const answer = await post(node.endpoint, ChatEventsDocument, { chatId: chat.id }, options);

  expect(answer.status).toBe(406);
  expect(answer.errors?.[0]?.message).toContain('text/event-stream');
});

describe.each(['application/json', 'application/graphql-response+json', '*/*', 'text/event-stream'])(
  'a subscription that makes no sense, asked for as %s,',
  (accept) => {
    it.each([
      ['after a cursor that is none', 'subscription ($id: ID!) { chatEvents(chatId: $id, after: "x") { __typename } }'],
      ['after 2,001 cursors', 'subscription ($after: [Cursor!]) { events(after: $after) { __typename } }'],
      ['with a variable of a wrong type', 'subscription ($after: [Cursor!]!) { events(after: $after) { __typename } }'],
    ])('%s is 400', async (what, query) => {
      const { ada, chat } = await group();
      const after = what === 'after 2,001 cursors' ? Array.from({ length: 2001 }, () => chat.cursor) : { a: 1 };
      const variables = query.includes('$id') ? { id: chat.id } : { after };

      const body = JSON.stringify({ query, variables });
      const response = await postBody(node.endpoint, body, { ...bearer(ada.session.accessToken), Accept: accept });

      expect(response.status).toBe(400);
      expect(await response.text()).toContain('BAD_USER_INPUT');
    });
  },
);

let kept: Promise<{ root: Person; ada: Person; chat: Chat }> | undefined;

/** One for all: nothing here changes it. */
const group = () => (kept ??= groupChat(node));
