/** Who may do what in a group and in a dialog, asked of a running node by each who might. */
import { beforeAll, describe, expect, it } from 'vitest';
import { OpenDirectChatDocument } from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { groupChat, groupOf, headSeq, newPerson, type Chat, type Person } from '../support/people.js';

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
  /** That message's; there is one dialog for each pair, so others may lie before it. */
  headSeq: number;
  newcomerId: string;
}

/** A chat whose last message is Ada's. */
const scene = async (kind: 'GROUP' | 'DIRECT'): Promise<Scene> => {
  const { root, ada, boris, stranger } = people;
  const chat = kind === 'GROUP' ? await groupOf(root, ada, boris) : await dialog(ada, boris);
  const sent = await ada.send(chat, 'Hello');
  if (sent.__typename !== 'SendMessageSuccess') throw new Error(JSON.stringify(sent));
  return { chat, messageId: sent.message.id, headSeq: sent.message.seq, newcomerId: stranger.id };
};

const dialog = async (one: Person, other: Person): Promise<Chat> => {
  const { openDirectChat } = await one.ask(OpenDirectChatDocument, { userId: other.id });
  if (openDirectChat?.__typename !== 'OpenDirectChatSuccess') throw new Error(JSON.stringify(openDirectChat));
  return openDirectChat.chat;
};

const actions = {
  createChat: () => ({ name: 'A group', memberIds: [people.ada.id] }),
  updateChat: ({ chat }) => ({ chatId: chat.id, name: 'Renamed' }),
  closeChat: ({ chat }) => ({ chatId: chat.id }),
  reopenChat: ({ chat }) => ({ chatId: chat.id }),
  addChatMember: ({ chat, newcomerId }) => ({ chatId: chat.id, userId: newcomerId }),
  removeChatMember: ({ chat }) => ({ chatId: chat.id, userId: people.boris.id }),
  leaveChat: ({ chat }) => ({ chatId: chat.id }),
  sendMessage: ({ chat }) => ({ chatId: chat.id, text: 'Hello' }),
  editMessage: ({ messageId }) => ({ messageId, text: 'Hello!' }),
  deleteMessages: ({ chat, messageId }) => ({ chatId: chat.id, messageIds: [messageId] }),
  markRead: ({ chat }) => ({ chatId: chat.id }),
  setTyping: ({ chat }) => ({ chatId: chat.id, isTyping: true }),
} satisfies Record<string, (scene: Scene) => object>;

type Action = keyof typeof actions;

const act = async (who: Who, action: Action, on: Scene): Promise<string> => {
  const type = `${action[0]!.toUpperCase()}${action.slice(1)}Input!`;
  const document = `mutation ($input: ${type}) { answer: ${action}(input: $input) { __typename } }`;
  const input = actions[action](on);
  const { answer } = await people[who].ask<{ answer: { __typename: string } }, object>(document, { input });
  return answer.__typename.replace(/^.*Success$/, 'yes').replace(/Error$/, '');
};

const everyone = ['root', 'ada', 'boris', 'stranger'] as const;
const table = (rows: Partial<Record<Action, [root: string, ada: string, boris: string, stranger: string]>>) =>
  Object.entries(rows).flatMap(([action, answers]) =>
    everyone.map((who, index) => [who, action as Action, answers[index]!] as const),
  );

const changesNothing: Action[] = ['reopenChat', 'markRead', 'setTyping', 'createChat'];

describe.each([
  [
    'GROUP' as const,
    table({
      createChat: ['yes', 'Forbidden', 'Forbidden', 'Forbidden'],
      updateChat: ['yes', 'Forbidden', 'Forbidden', 'NotFound'],
      closeChat: ['yes', 'Forbidden', 'Forbidden', 'NotFound'],
      reopenChat: ['yes', 'Forbidden', 'Forbidden', 'NotFound'],
      addChatMember: ['yes', 'Forbidden', 'Forbidden', 'NotFound'],
      removeChatMember: ['yes', 'Forbidden', 'Forbidden', 'NotFound'],
      leaveChat: ['Forbidden', 'yes', 'yes', 'NotFound'],
      sendMessage: ['Forbidden', 'yes', 'yes', 'NotFound'],
      editMessage: ['NotFound', 'yes', 'NotFound', 'NotFound'],
      deleteMessages: ['yes', 'yes', 'NotFound', 'NotFound'],
      markRead: ['Forbidden', 'yes', 'yes', 'NotFound'],
      setTyping: ['Forbidden', 'yes', 'yes', 'NotFound'],
    }),
  ],
  [
    'DIRECT' as const,
    table({
      updateChat: ['NotFound', 'Forbidden', 'Forbidden', 'NotFound'],
      closeChat: ['NotFound', 'Forbidden', 'Forbidden', 'NotFound'],
      reopenChat: ['NotFound', 'Forbidden', 'Forbidden', 'NotFound'],
      addChatMember: ['NotFound', 'Forbidden', 'Forbidden', 'NotFound'],
      removeChatMember: ['NotFound', 'Forbidden', 'Forbidden', 'NotFound'],
      leaveChat: ['NotFound', 'Forbidden', 'Forbidden', 'NotFound'],
      sendMessage: ['NotFound', 'yes', 'yes', 'NotFound'],
      editMessage: ['NotFound', 'yes', 'NotFound', 'NotFound'],
      deleteMessages: ['NotFound', 'yes', 'NotFound', 'NotFound'],
      markRead: ['NotFound', 'yes', 'yes', 'NotFound'],
      setTyping: ['NotFound', 'yes', 'yes', 'NotFound'],
    }),
  ],
])('C7 S1.3 S1.4 in a %s', (kind, rows) => {
  it.each(rows)('%s: %s → %s', async (who, action, expected) => {
    const on = await scene(kind);

    expect(await act(who, action, on)).toBe(expected);

    // What was refused has changed nothing; what was done is one event.
    const isEvent = expected === 'yes' && !changesNothing.includes(action);
    const witness = who === 'ada' ? people.boris : people.ada;
    expect(await headSeq(witness, on.chat)).toBe(on.headSeq + (isEvent ? 1 : 0));
  });
});

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

describe('S3.12 a closed group', () => {
  const closed = async () => {
    const on = await scene('GROUP');
    expect(await act('root', 'closeChat', on)).toBe('yes');
    return on;
  };

  it.each([
    ['ada', 'sendMessage', 'ChatClosed'],
    ['ada', 'editMessage', 'ChatClosed'],
    ['boris', 'editMessage', 'NotFound'],
    ['ada', 'deleteMessages', 'ChatClosed'],
    ['root', 'deleteMessages', 'yes'],
    ['root', 'updateChat', 'ChatClosed'],
    ['root', 'addChatMember', 'ChatClosed'],
    ['root', 'removeChatMember', 'yes'],
    ['ada', 'leaveChat', 'yes'],
    ['ada', 'markRead', 'yes'],
    ['ada', 'setTyping', 'ChatClosed'],
    ['root', 'sendMessage', 'Forbidden'],
    ['stranger', 'sendMessage', 'NotFound'],
    ['root', 'closeChat', 'yes'],
    ['root', 'reopenChat', 'yes'],
  ] as [Who, Action, string][])('%s: %s → %s', async (who, action, expected) => {
    expect(await act(who, action, await closed())).toBe(expected);
  });

  it('is read as before, says when it was closed, and is written again once reopened', async () => {
    const on = await closed();
    const { ada } = people;

    const answer = await ada.ask<{ sendMessage: { closedAt: string } }, object>(
      'mutation ($id: ID!) { sendMessage(input: { chatId: $id, text: "x" }) { ... on ChatClosedError { closedAt } } }',
      { id: on.chat.id },
    );
    expect(
      await ada.ask('query ($id: ID!) { chat(id: $id) { closedAt messages { nodes { text } } } }', { id: on.chat.id }),
    ).toEqual({
      chat: { closedAt: answer.sendMessage.closedAt, messages: { nodes: [{ text: 'Hello' }] } },
    });

    await act('root', 'reopenChat', on);
    expect(await act('ada', 'sendMessage', on)).toBe('yes');
  });
});
