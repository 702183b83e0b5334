/** Following all chats, at a node, over sockets that are lost: nothing missing, nothing told twice. */
import { expect, it, onTestFinished } from 'vitest';
import { followAll, followChat, type Following } from '@parley-chat/client/follow';
import { encodeCursor } from '../../src/log/cursor.js';
import { connectionOf, type TestConnection } from '../support/connections.js';
import { ownNode } from '../support/node.js';
import { administrator, groupChat, groupOf, newPerson, type Chat } from '../support/people.js';
import { upTo } from '../support/sent.js';
import { until } from '../support/until.js';

const node = ownNode();

const FIELDS = `__typename ... on DurableEvent { chatId cursor } ... on MessageSent { message { text } }
  ... on ChatReady { chatId cursor } ... on ResyncRequired { chatId reason } ... on SubscriptionEnded { code reason }`;
const EVENTS = `subscription ($after: [Cursor!]) { events(after: $after) {
  ${FIELDS} ... on ChatAdded { chat { id cursor } } ... on ChatRemoved { chatId } } }`;
const CHAT_EVENTS = `subscription ($chatId: ID!, $after: Cursor) { chatEvents(chatId: $chatId, after: $after) { ${FIELDS} } }`;

interface Told {
  __typename: string;
  message?: { text: string };
}

interface Follower {
  /** What is durable of it: `MessageSent one`. */
  readonly told: string[];
  readonly following: Following;
  /** How often it was ready. */
  readonly beginnings: () => number;
}

const listen = () => {
  const told: string[] = [];
  let beginnings = 0;
  return {
    told,
    beginnings: () => beginnings,
    onEvent: ({ __typename: type, message }: Told) => {
      if (type === 'ViewerReady') beginnings += 1;
      else if (type !== 'ChatReady') told.push(message ? `${type} ${message.text}` : type);
    },
    onEnded: (code: string, reason: string) => void told.push(`ended: ${code} ${reason}`),
  };
};

const follow = async ({ client }: TestConnection, after: ReadonlyMap<string, string> | null): Promise<Follower> => {
  const listener = listen();
  const following = followAll<Told>({ client, query: EVENTS, after, ...listener });
  onTestFinished(() => following.stop());
  await until(() => listener.beginnings() === 1, 'the beginning');
  return { ...listener, following };
};

const cursorsOf = (...chats: Chat[]) => new Map(chats.map(({ id, cursor }) => [id, cursor]));

it('goes on, over one loss after another, with a chat that was joined while following', async () => {
  const { root, ada, boris, chat } = await groupChat(node);
  const connection = connectionOf(boris);
  const { told } = await follow(connection, cursorsOf(chat));

  const later = await groupOf(root, ada, boris);
  await until(() => told.includes('ChatAdded'), 'the new chat');
  for (const text of ['one', 'two', 'three']) {
    connection.cut();
    await ada.send(later, text);
    connection.mend();
    await until(() => told.includes(`MessageSent ${text}`), text);
  }

  expect(told).toEqual(['ChatAdded', 'MessageSent one', 'MessageSent two', 'MessageSent three']);
});

it('begun without cursors tells nothing of before, and misses nothing in any chat from then on', async () => {
  const { root, ada, boris, chat } = await groupChat(node);
  await ada.send(chat, 'before');
  const other = await groupOf(root, ada, boris);
  const connection = connectionOf(boris);
  const { told, following } = await follow(connection, null);

  expect([...following.cursors.keys()].sort()).toEqual([chat.id, other.id].sort());
  connection.cut();
  await ada.send(chat, 'one');
  await ada.send(other, 'two');
  connection.mend();
  await until(() => told.length === 2, 'both');
  connection.cut();
  await ada.send(other, 'three');
  connection.mend();
  await until(() => told.length === 3, 'the third');

  expect(told.toSorted()).toEqual(['MessageSent one', 'MessageSent three', 'MessageSent two']);
});

it('tells somebody who is in no chat of the one that they are added to while they are away', async () => {
  const [root, ada, newcomer] = await Promise.all([administrator(node), newPerson(node), newPerson(node)]);
  const connection = connectionOf(newcomer);
  const { told } = await follow(connection, null);

  connection.cut();
  const chat = await groupOf(root, ada, newcomer);
  await ada.send(chat, 'hello, newcomer');
  connection.mend();
  await until(() => told.length > 0, 'the chat');
  await ada.send(chat, 'still there?');

  await until(() => told.length > 1, 'the message after it');
  expect(told).toEqual(['ChatAdded', 'MessageSent still there?']);
});

it('tells somebody who had no chat when they queried of the one that they are in since', async () => {
  const { boris } = await groupChat(node);
  const connection = connectionOf(boris);

  const { told } = await follow(connection, new Map());

  expect(told).toEqual(['ChatAdded']);
});

it('follows more chats than the server takes cursors for', async () => {
  const { ada, boris, chat } = await groupChat(node);
  // Chats that boris has left, for the server.
  const left = upTo(2000).map((n): [string, string] => [
    `left ${n}`,
    encodeCursor({ chatId: BigInt(1_000_000 + n), seq: 1, mark: 1 }),
  ]);
  const connection = connectionOf(boris);
  const { told } = await follow(connection, new Map([...left, [chat.id, chat.cursor]]));

  connection.cut();
  await ada.send(chat, 'after 2,001 cursors');
  connection.mend();

  await until(() => told.some((event) => event.startsWith('MessageSent')), 'the message');
  expect(told.filter((event) => event !== 'ChatRemoved')).toEqual(['MessageSent after 2,001 cursors']);
});

it('takes a cursor that is none for a chat to be queried again, and follows it all the same', async () => {
  const { ada, boris, chat } = await groupChat(node);
  const listener = listen();
  const ready: string[] = [];
  const following = followChat<Told>({
    client: connectionOf(boris).client,
    query: CHAT_EVENTS,
    chatId: chat.id,
    after: 'of another server',
    ...listener,
    onEvent: (event) => {
      if (event.__typename === 'ChatReady') ready.push(...listener.told);
      listener.onEvent(event);
    },
  });
  onTestFinished(() => following.stop());
  await until(() => listener.told.length > 0, 'the beginning');
  await ada.send(chat, 'after it');

  await until(() => listener.told.length > 1, 'the message');
  expect(ready).toEqual(['ResyncRequired']);
  expect(listener.told).toEqual(['ResyncRequired', 'MessageSent after it']);
});
