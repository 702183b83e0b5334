import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../src/domain/bad-user-input.js';
import { encodeGlobalId } from '../../src/graphql/global-id.js';
import type { Viewer } from '../../src/domain/viewer.js';
import { newPerson } from '../support/chats.js';
import { graphqlNode } from '../support/graphql.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();

/** Two people in a group with one message, a stranger, and an administrator. */
const aChat = async () => {
  const node = await graphqlNode(database.current);
  const [ada, bob, stranger] = [
    await newPerson(database.current),
    await newPerson(database.current),
    await newPerson(database.current),
  ];
  const { admin, chat } = await node.group(ada, bob);
  await node.say(ada, chat, 'Hello');
  const ids = {
    chat: encodeGlobalId('Chat', chat.id),
    message: encodeGlobalId('Message', `${chat.id}:1`),
    member: encodeGlobalId('ChatMember', `${chat.id}:${ada.id}`),
    notification: encodeGlobalId('Notification', `${bob.id}:m${chat.id}`),
    user: encodeGlobalId('User', ada.id),
  };
  return { node, ada, bob, stranger, admin, chat, ids };
};

const NONE = {
  malformed: 'not an id',
  empty: '',
  'of an unknown type': encodeGlobalId('Nothing', 1n),
  "of an object's property": encodeGlobalId('constructor', 1n),
  'of what is not there': encodeGlobalId('Chat', 2n ** 62n),
  'beyond 2^63': encodeGlobalId('Chat', 2n ** 63n),
};

describe('node', () => {
  it('gives whatever has an id, by it', async () => {
    const { node, bob, ids } = await aChat();

    const { nodes } = await node.read<{ nodes: { id: string; __typename: string }[] }>(
      bob,
      'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }',
      { ids: Object.values(ids) },
    );

    expect(nodes).toEqual([
      { __typename: 'Chat', id: ids.chat },
      { __typename: 'Message', id: ids.message },
      { __typename: 'ChatMember', id: ids.member },
      { __typename: 'Notification', id: ids.notification },
      { __typename: 'User', id: ids.user },
    ]);
  });

  it('S0.5 gives a stranger what it gives for what is not there', async () => {
    const { node, stranger, ids } = await aChat();
    const { user, ...hidden } = ids;

    const { nodes } = await node.read<{ nodes: unknown[] }>(
      stranger,
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      { ids: [...Object.values(hidden), ...Object.values(NONE), user] },
    );

    expect(nodes).toEqual([...Array.from({ length: 10 }, () => null), { id: user }]);
  });

  it('gives at most 100 at once', async () => {
    const { node, bob, ids } = await aChat();
    const ask = (count: number) =>
      node.read(bob, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
        ids: Array.from({ length: count }, () => ids.chat),
      });

    await expect(ask(100)).resolves.toBeDefined();
    await expect(ask(101)).rejects.toBeInstanceOf(BadUserInputError);
  });
});

describe("what a chat is for its viewer's list", () => {
  const LIST = `query ($chat: ID!) { chat(id: $chat) {
    title peer { id } memberCount membership { id lastReadSeq user { id } } firstUnreadMessage { id chatId text } } }`;

  it('is its name, how many are in it, how they are in it themselves, and what they have not read yet', async () => {
    const { node, ada, bob, stranger, admin, ids } = await aChat();
    const read = (viewer: Viewer) => node.read(viewer, LIST, { chat: ids.chat });
    const group = { title: 'Group', peer: null, memberCount: 2 };

    expect(await read(ada)).toEqual({
      chat: {
        ...group,
        membership: { id: ids.member, lastReadSeq: 0, user: { id: ids.user } },
        firstUnreadMessage: null,
      },
    });
    expect(await read(bob)).toMatchObject({
      chat: {
        ...group,
        membership: { user: { id: encodeGlobalId('User', bob.id) } },
        firstUnreadMessage: { id: ids.message, chatId: ids.chat, text: 'Hello' },
      },
    });
    expect(await read(admin)).toEqual({ chat: { ...group, membership: null, firstUnreadMessage: null } });
    expect(await read(stranger)).toEqual({ chat: null });
  });

  it('is the other one in a dialog and in a relation, and the other brand in a match', async () => {
    const { node, ada, bob, admin } = await aChat();
    const manager = await newPerson(database.current, 'MANAGER');
    const nameOf = async ({ id }: Viewer) => {
      const [row] = await database.current.query<{ username: string }>('SELECT username FROM "user" WHERE id = $1', [
        id,
      ]);
      return row!.username;
    };
    const { chat: dialog } = await node.chats.openDirect(ada, bob.id);
    const { relation } = await node.relations.create(manager, manager.id, ada.id);
    const brandOf = async ({ id }: Viewer, name: string) =>
      (await node.brands.create(admin, { ownerId: id, name, plan: 'FREE' })).id;
    const { chat: match } = await node.matches.create(admin, [
      await brandOf(ada, 'Acme'),
      await brandOf(bob, 'Globex'),
    ]);
    const titles = async (viewer: Viewer) => {
      const { nodes } = await node.read<{ nodes: ({ title: string; peer: { id: string } | null } | null)[] }>(
        viewer,
        'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Chat { title peer { id } } } }',
        { ids: [dialog.id, relation.chatId, match.id].map((id) => encodeGlobalId('Chat', id)) },
      );
      return nodes.map((chat) => chat && [chat.title, chat.peer?.id ?? null]);
    };
    const peer = async (viewer: Viewer) => [await nameOf(viewer), encodeGlobalId('User', viewer.id)];

    expect(await titles(ada)).toEqual([await peer(bob), await peer(manager), ['Globex', null]]);
    expect(await titles(bob)).toEqual([await peer(ada), null, ['Acme', null]]);
    expect(await titles(manager)).toEqual([null, await peer(ada), null]);
    const both = `${await nameOf(ada)}, ${await nameOf(manager)}`;
    expect(await titles(admin)).toEqual([null, [both, null], ['Acme, Globex', null]]);
    await node.chats.update(admin, { chatId: match.id, name: 'A name of its own' });
    expect((await titles(ada))[2]).toEqual(['A name of its own', null]);
  });
});

describe('messagesAround', () => {
  it('answers alike for whatever is no message of that chat, with an empty page', async () => {
    const { node, ada, chat, ids } = await aChat();
    const { chat: other } = await node.group(ada);
    await node.say(ada, other, 'elsewhere');
    const around = async (messageId: string) =>
      (
        await node.read<{ chat: { messagesAround: { nodes: { text: string }[]; pageInfo: object } } }>(
          ada,
          `query ($chat: ID!, $messageId: ID!) { chat(id: $chat) { messagesAround(messageId: $messageId) {
             nodes { text } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
          { chat: ids.chat, messageId },
        )
      ).chat.messagesAround;

    expect((await around(ids.message)).nodes).toEqual([{ text: 'Hello' }]);
    const elsewhere = encodeGlobalId('Message', `${other.id}:1`);
    const absent = encodeGlobalId('Message', `${chat.id}:2`);
    for (const id of [...Object.values(NONE), elsewhere, absent, ids.user, ids.chat]) {
      expect(await around(id)).toEqual({
        nodes: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      });
    }
  });
});

describe('the log', () => {
  it('holds events as they are followed, of which one can resume', async () => {
    const { node, ada, bob, admin, chat, ids } = await aChat();
    await node.chats.update(admin, { chatId: chat.id, name: 'Renamed' });

    const { chat: read } = await node.read<{ chat: { log: { edges: unknown[]; nodes: { cursor: string }[] } } }>(
      bob,
      `query ($chat: ID!) { chat(id: $chat) { log(first: 2) {
         edges { node { __typename } }
         nodes { __typename seq chatId cursor totalUnreadCount ... on MessageSent { message { text } } }
         pageInfo { hasNextPage hasPreviousPage } } } }`,
      { chat: ids.chat },
    );

    expect(read.log).toMatchObject({
      edges: [{ node: { __typename: 'MessageSent' } }, { node: { __typename: 'ChatUpdated' } }],
      nodes: [
        { __typename: 'MessageSent', seq: 1, chatId: ids.chat, totalUnreadCount: 1, message: { text: 'Hello' } },
        { __typename: 'ChatUpdated', seq: 2, totalUnreadCount: 1 },
      ],
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    });
    const resumed = await node.follow(
      ada,
      'subscription ($chat: ID!, $after: Cursor) { chatEvents(chatId: $chat, after: $after) { ... on DurableEvent { seq } } }',
      { chat: ids.chat, after: read.log.nodes[0]!.cursor },
    );
    expect((await resumed.next())!.data).toEqual({ chatEvents: { seq: 2 } });
  });
});

describe('what cannot be asked', () => {
  it.each([
    'query ($chat: ID!) { chat(id: $chat) { messagesAround { nodes { id } } } }',
    'query ($chat: ID!) { chat(id: $chat) { messagesAround(seq: null) { nodes { id } } } }',
    'query ($chat: ID!) { chat(id: $chat) { messagesAround(seq: 1, messageId: "x") { nodes { id } } } }',
    'query ($chat: ID!) { chat(id: $chat) { messagesAround(seq: 1, time: "2026-01-01T00:00:00Z") { nodes { id } } } }',
    'query ($chat: ID!) { chat(id: $chat) { messagesAround(seq: -1) { nodes { id } } } }',
    'query ($chat: ID!) { chat(id: $chat) { messagesAround(seq: 1, limit: 0) { nodes { id } } } }',
    'query ($chat: ID!) { chat(id: $chat) { messagesAround(seq: 1, limit: 101) { nodes { id } } } }',
  ])('%s is BAD_USER_INPUT', async (source) => {
    const { node, bob, ids } = await aChat();

    await expect(node.read(bob, source, { chat: ids.chat })).rejects.toBeInstanceOf(BadUserInputError);
  });

  it.each([
    '{ chats(first: 100) { nodes { members(first: 100) { nodes { user { username } } } } } }',
    '{ chats(first: 100) { nodes { members(first: 100) { nodes { user { id } } } messages(first: 100) { nodes { text } } } } }',
    'query ($n: Int = 100) { chats(first: $n) { nodes { messages(last: $n) { nodes { chat { messages(last: $n) { nodes { id } } } } } } } }',
    '{ chats(first: 100) { nodes { log(first: 100) { nodes { seq chatId } } } } }',
    '{ chats(first: 100) { nodes { log { nodes { seq chatId cursor chat { id } } } } } }',
    '{ chats(first: 100) { nodes { messagesAround(seq: 1, limit: 100) { nodes { seq chatId } } } } }',
    '{ chats(first: 100) { nodes { messagesAround(seq: 1) { nodes { seq chatId text sender { id } } } } } }',
    'query ($chat: ID!) { chat(id: $chat) { log(last: 4) { nodes { ... on MessagesDeleted { messages { chat { log(last: 4) { nodes { ... on MessagesDeleted { messages { id } } } } } } } } } } }',
    '{ chats(first: 100) { ...C } } fragment C on ChatConnection { nodes { members(first: 100) { nodes { user { username firstName } } } } }',
  ])('%s is TOO_COMPLEX', async (source) => {
    const { node, bob, ids } = await aChat();

    const answer = await node.ask(bob, source, { chat: ids.chat });

    expect(answer.errors).toMatchObject([{ extensions: { code: 'TOO_COMPLEX' } }]);
  });

  it('is not a full page of chats with ten members each', async () => {
    const { node, bob } = await aChat();

    const answer = await node.ask(
      bob,
      `{ chats(first: 100) { nodes {
           id name unreadCount lastMessage { id text createdAt sender { id username } }
           members(first: 10) { nodes { lastReadSeq user { id username } } }
         } } }`,
    );

    expect(answer.errors).toBeUndefined();
  });
});

describe('mutations', () => {
  it('see, each in one operation, what the one before it changed', async () => {
    const { node, ada, bob, chat, ids } = await aChat();
    await node.say(bob, chat);

    const answer = await node.read(
      ada,
      `mutation ($chat: ID!) {
         first: markRead(input: { chatId: $chat, upToSeq: 1 }) { ... on MarkReadSuccess { chat { unreadCount lastMessage { seq } } } }
         sendMessage(input: { chatId: $chat, text: "x" }) { ... on SendMessageSuccess { message { chat { headSeq lastMessage { seq } } } } }
         second: markRead(input: { chatId: $chat }) { ... on MarkReadSuccess { chat { unreadCount headSeq lastMessage { seq } } } }
         leaveChat(input: { chatId: $chat }) { ... on LeaveChatSuccess { chatId } }
       }`,
      { chat: ids.chat },
    );

    expect(answer).toEqual({
      first: { chat: { unreadCount: 1, lastMessage: { seq: 2 } } },
      sendMessage: { message: { chat: { headSeq: 3, lastMessage: { seq: 3 } } } },
      second: { chat: { unreadCount: 0, headSeq: 3, lastMessage: { seq: 3 } } },
      leaveChat: { chatId: ids.chat },
    });
  });
});
