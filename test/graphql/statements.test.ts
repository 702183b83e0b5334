import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.js';
import { encodeGlobalId } from '../../src/graphql/global-id.js';
import { newPerson } from '../support/chats.js';
import { graphqlNode, statementsOf, type GraphqlNode } from '../support/graphql.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();

/** Someone with groups and dialogs, each with a few messages, some of them unread. */
const someoneBusy = async (node: GraphqlNode, chatCount: number) => {
  const me = await newPerson(database.current);
  const others: Viewer[] = [];
  for (let index = 0; index < chatCount; index += 1) {
    const other = await newPerson(database.current);
    others.push(other);
    const { chat } = index % 2 === 0 ? await node.group(me, other) : await node.chats.openDirect(me, other.id);
    await node.say(me, chat, 'mine');
    await node.say(other, chat, 'theirs');
  }
  return { me, others };
};

const PAGE = `{
  chats(first: 100) {
    edges { cursor node { id } }
    nodes {
      id kind name headSeq cursor unreadCount
      permissions { canSend canDeleteOthers canManageMembers }
      title peer { username } memberCount membership { lastReadSeq } firstUnreadMessage { text }
      messagesAround(seq: 1, limit: 2) { nodes { text } }
      log(last: 3) { nodes { seq totalUnreadCount ... on MessageSent { message { text chatId } } } }
      lastMessage { id text sender { username } receiver { username } chat { id name } }
      metadata
      members(first: 10) { nodes { lastReadSeq user { username email externalId isActive metadata } } }
      messages(last: 5) { nodes { seq text sender { id username } } pageInfo { hasPreviousPage } }
    }
  }
}`;

describe('statements', () => {
  it('stay as many for a page of chats with everything in them, however many chats', async () => {
    const node = await graphqlNode(database.current);
    const [few, many] = [await someoneBusy(node, 2), await someoneBusy(node, 24)];
    const read = (me: Viewer) => async () => {
      const { chats } = await node.read<{ chats: { nodes: { lastMessage: { text: string }; unreadCount: number }[] } }>(
        me,
        PAGE,
      );
      for (const chat of chats.nodes) expect(chat).toMatchObject({ lastMessage: { text: 'theirs' }, unreadCount: 1 });
      return chats.nodes.length;
    };

    const forFew = await statementsOf(read(few.me));
    const forMany = await statementsOf(read(many.me));

    expect(await read(many.me)()).toBe(24);
    // The page, unread counts, permissions, last messages, pairs, member counts, memberships, first unread messages, members, messages,
    // messages around, metadata, four for the logs; then the total, receivers in groups, chats of messages (or those with the
    // permissions), what else is asked of people.
    expect(forFew.length).toBeLessThanOrEqual(20);
    expect(forMany.length).toBeLessThanOrEqual(20);
  });

  it.each([
    ['viewer', '{ viewer { id username role isStaff } }', 1],
    ['viewer with e-mail', '{ viewer { id email } }', 1],
    ['user by id', 'query ($user: ID!) { user(id: $user) { username } }', 1],
    ['user by name', 'query ($name: String!) { user(username: $name) { id } }', 1],
    ['users', '{ users(search: "user") { nodes { username } pageInfo { hasNextPage } } }', 1],
    ['users with e-mail', '{ users { nodes { username email } } }', 2],
    ['chats', '{ chats { nodes { name headSeq cursor } pageInfo { endCursor } } }', 1],
    ['all chats', '{ chats(scope: ALL, kind: GROUP) { nodes { name } } }', 1],
    ['chat by id', 'query ($chat: ID!) { chat(id: $chat) { name headSeq cursor } }', 1],
    ['chat by slug', '{ chat(slug: "general") { name } }', 1],
    [
      'chat with members and messages',
      'query ($chat: ID!) { chat(id: $chat) { members { nodes { user { username } } } messages { nodes { text sender { username } } } } }',
      3,
    ],
    ['messages', '{ messages { nodes { text sender { username } } } }', 1],
    ['messages of a chat', 'query ($chat: ID!) { messages(chatId: $chat) { nodes { text sender { username } } } }', 1],
    [
      'chat as a list shows it',
      'query ($chat: ID!) { chat(id: $chat) { title peer { id } memberCount membership { id } firstUnreadMessage { text } } }',
      4,
    ],
    ['messages around one', 'query ($chat: ID!) { chat(id: $chat) { messagesAround(seq: 1) { nodes { text } } } }', 2],
    [
      'messages around a time',
      'query ($chat: ID!) { chat(id: $chat) { messagesAround(time: "2026-01-01T00:00:00Z") { nodes { chatId text } } } }',
      2,
    ],
    ['log', 'query ($chat: ID!) { chat(id: $chat) { log { nodes { seq totalUnreadCount } } } }', 6],
    ['message', 'query ($message: ID!) { message(id: $message) { text sender { username } } }', 1],
    [
      'message with chat and receiver',
      'query ($message: ID!) { message(id: $message) { chat { name } receiver { id } } }',
      3,
    ],
    ['notifications', '{ notifications { nodes { kind unreadCount message { text } sender { username } } } }', 1],
    ['notifications with chats', '{ notifications(unreadOnly: true) { nodes { chat { name } } } }', 2],
    ['unreadCount', '{ unreadCount }', 1],
    ['node', 'query ($chat: ID!) { node(id: $chat) { id ... on Chat { name } } }', 1],
    [
      'nodes of every type',
      'query ($nodes: [ID!]!) { nodes(ids: $nodes) { id ... on Chat { name } ... on Message { text } ... on User { username } } }',
      // One for each type, two for notifications.
      6,
    ],
    ['nodes that do not decode', '{ nodes(ids: ["VXNlcjo=", "x"]) { id } node(id: "y") { id } }', 0],
  ])('of %s', async (_what, source, count) => {
    const node = await graphqlNode(database.current);
    const { me, others } = await someoneBusy(node, 3);
    const [chat] = [...(await node.chats.list(me, { scope: 'MINE' })).edges].map((edge) => edge.node);
    const variables = {
      user: encodeGlobalId('User', others[0]!.id),
      name: `user${1}`,
      chat: encodeGlobalId('Chat', chat!.id),
      message: encodeGlobalId('Message', `${chat!.id}:1`),
      nodes: [
        ...[me, ...others].map(({ id }) => encodeGlobalId('User', id)),
        encodeGlobalId('Chat', chat!.id),
        ...[1, 2].map((seq) => encodeGlobalId('Message', `${chat!.id}:${seq}`)),
        encodeGlobalId('ChatMember', `${chat!.id}:${me.id}`),
        encodeGlobalId('Notification', `${me.id}:m${chat!.id}`),
        encodeGlobalId('Notification', `${me.id}:1`),
      ],
    };

    const statements = await statementsOf(() => node.read(me, source, variables));

    expect(statements).toHaveLength(count);
  });
});
