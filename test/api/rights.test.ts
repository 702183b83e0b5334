/** Who sees a group and a direct chat, and how much of them. Who may do what there is the table in `permissions/`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { change, must } from '../support/change.js';
import { ownNode } from '../support/node.js';
import { directChat, groupChat, groupOf, newPerson, say, type Chat, type Person } from '../support/people.js';

const node = ownNode();

type Who = 'root' | 'ada' | 'boris' | 'stranger';
/** Ada and Boris are in the chats; root, an administrator, in none; the stranger is nobody here. */
let people: Record<Who, Person>;
beforeAll(async () => {
  const { root, ada, boris } = await groupChat(node);
  people = { root, ada, boris, stranger: await newPerson(node, 'stranger') };
});

interface Scene {
  chat: Chat;
  /** Ada's. */
  messageId: string;
}

/** A chat whose last message is Ada's. */
const scene = async (kind: 'GROUP' | 'DIRECT'): Promise<Scene> => {
  const { root, ada, boris } = people;
  const chat = kind === 'GROUP' ? await groupOf(root, ada, boris) : await directChat(ada, boris);
  return { chat, messageId: (await say(ada, chat, 'Hello')).id };
};

const everyone = ['root', 'ada', 'boris', 'stranger'] as const;

const CHAT = `query ($chat: ID!, $message: ID!) {
  chat(id: $chat) { id members { nodes { user { username } } } messages(last: 1) { nodes { text } } permissions { canSend canDeleteOthers canManageMembers } }
  node(id: $chat) { id }
  message(id: $message) { text }
  messages(chatId: $chat, first: 1) { nodes { text } }
}`;

describe.each([
  ['GROUP' as const, { root: true, ada: true, boris: true, stranger: false }],
  ['DIRECT' as const, { root: false, ada: true, boris: true, stranger: false }],
])('S1.12 S2.19 a %s', (kind, sees) => {
  it.each(everyone)('is seen whole or not at all by %s', async (who) => {
    const { chat, messageId } = await scene(kind);
    const { ada, boris } = people;

    const seen = await people[who].ask(CHAT, { chat: chat.id, message: messageId });

    const isMember = who === 'ada' || who === 'boris';
    const isAdmin = who === 'root';
    expect(seen).toEqual(
      sees[who]
        ? {
            chat: {
              id: chat.id,
              members: { nodes: [ada, boris].map(({ username }) => ({ user: { username } })) },
              messages: { nodes: [{ text: 'Hello' }] },
              permissions: { canSend: isMember, canDeleteOthers: isAdmin, canManageMembers: isAdmin },
            },
            node: { id: chat.id },
            message: { text: 'Hello' },
            messages: { nodes: [{ text: 'Hello' }] },
          }
        : { chat: null, node: null, message: null, messages: null },
    );
  });

  it.each(everyone)('is listed for %s only where it is theirs', async (who) => {
    const { chat } = await scene(kind);
    const { chats, all } = await people[who].ask<Record<string, { nodes: { id: string }[] }>, object>(
      '{ chats(first: 100) { nodes { id } } all: chats(scope: ALL, first: 100) { nodes { id } } }',
      {},
    );

    const isMember = who === 'ada' || who === 'boris';
    expect(chats!.nodes.some(({ id }) => id === chat.id)).toBe(isMember);
    expect(all!.nodes.some(({ id }) => id === chat.id)).toBe(sees[who]);
  });
});

it.each([
  ['root', 'CreateChatSuccess'],
  ['ada', 'ForbiddenError'],
  ['stranger', 'ForbiddenError'],
] as const)('a group is made by administrators alone: %s', async (who, expected) => {
  const { __typename } = await change(people[who], 'createChat', { name: 'A group', memberIds: [people.ada.id] });

  expect(__typename).toBe(expected);
});

it('a closed group is read as before, says when it was closed, and is written again once reopened', async () => {
  const { chat } = await scene('GROUP');
  const { root, ada } = people;
  await must(root, 'closeChat', { chatId: chat.id });

  const answer = await ada.ask<{ sendMessage: { closedAt: string } }, object>(
    'mutation ($id: ID!) { sendMessage(input: { chatId: $id, text: "x" }) { ... on ChatClosedError { closedAt } } }',
    { id: chat.id },
  );
  expect(answer.sendMessage.closedAt).toMatch(/Z$/);
  expect(
    await ada.ask('query ($id: ID!) { chat(id: $id) { closedAt messages { nodes { text } } } }', { id: chat.id }),
  ).toEqual({
    chat: { closedAt: answer.sendMessage.closedAt, messages: { nodes: [{ text: 'Hello' }] } },
  });

  await must(root, 'reopenChat', { chatId: chat.id });
  await must(ada, 'sendMessage', { chatId: chat.id, text: 'Hello again' });
});
