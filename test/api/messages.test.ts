/** Messages as their writers and readers deal with them: sent, edited, deleted, listed. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CloseChatDocument,
  DeleteMessagesDocument,
  EditMessageDocument,
  HistoryDocument,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { directChat, groupChat, groupOf, headSeq, newPerson, say, type Chat, type Person } from '../support/people.js';
import { upTo } from '../support/sent.js';

const node = ownNode();

let people: Omit<Awaited<ReturnType<typeof groupChat>>, 'chat'>;
beforeAll(async () => {
  people = await groupChat(node);
});

const group = async () => {
  const { root, ada, boris, chen } = people;
  return { ...people, chat: await groupOf(root, ada, boris, chen) };
};

const erase = (person: Person, chat: Chat, messageIds: string[]) =>
  person.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds });

const textsOf = async (person: Person, chat: Chat) => {
  const history = await person.ask(HistoryDocument, { chatId: chat.id });
  return history.chat!.messages.nodes.map(({ text }) => text);
};

describe('sending', () => {
  it('S1.6 S2.7 answers with the message as everyone sees it', async () => {
    const { ada, boris, chat } = await group();
    const message = await say(ada, chat, 'Hello', 'my key');

    expect(message).toEqual({
      id: message.id,
      seq: 1,
      sender: { id: ada.id, username: ada.username },
      text: 'Hello',
      isEdited: false,
      isDeleted: false,
      clientMessageId: 'my key',
      attachments: [],
    });
    const seen = await boris.ask<{ message: { createdAt: string } }, object>(
      `query ($id: ID!) { message(id: $id) {
        id seq createdAt editedAt deletedAt clientMessageId receiver { id } chat { id }
        sender { username firstName lastName isStaff role email }
      } }`,
      { id: message.id },
    );
    expect(seen.message).toMatchObject({
      id: message.id,
      editedAt: null,
      deletedAt: null,
      clientMessageId: 'my key',
      receiver: null,
      chat: { id: chat.id },
      sender: { username: ada.username, firstName: '', lastName: '', isStaff: false, role: 'USER', email: null },
    });
    expect(seen.message.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('S0.2 has a receiver in a dialog: the other side, whoever looks', async () => {
    const { ada, boris } = people;
    const { id } = await say(boris, await directChat(ada, boris), 'Hello');

    for (const person of [ada, boris]) {
      expect(
        await person.ask('query ($id: ID!) { message(id: $id) { sender { id } receiver { id } } }', { id }),
      ).toEqual({
        message: { sender: { id: boris.id }, receiver: { id: ada.id } },
      });
    }
  });

  // S0.23 S2.15 C1
  it('leaves nothing of a text that is empty, and tells nobody', async () => {
    const { ada, boris, chat } = await group();
    const following = await boris.follow(chat);
    await following.event('ChatReady');

    for (const text of ['', ' ', '\n\t\r', '\u00a0\u3000'])
      expect(await ada.send(chat, text)).toEqual({
        __typename: 'TextEmptyError',
        reason: 'Message text cannot be empty',
      });
    await say(ada, chat, 'the fence');

    expect(await following.event('MessageSent')).toMatchObject({ seq: 1, message: { text: 'the fence' } });
    expect(await textsOf(boris, chat)).toEqual(['the fence']);
  });

  it('twice with one key sends once, whatever has become of the message and the chat', async () => {
    const { root, ada, boris, chat } = await group();
    const first = await say(ada, chat, 'Hello', 'key');

    expect(await ada.send(chat, 'Hello', 'key')).toMatchObject({ deduplicated: true, message: { id: first.id } });
    expect(await ada.send(chat, 'Other', 'key')).toMatchObject({
      __typename: 'IdempotencyConflictError',
      message: { id: first.id, text: 'Hello' },
    });
    // One's own keys are one's own.
    expect(await boris.send(chat, 'Hello', 'key')).toMatchObject({ deduplicated: false, message: { seq: 2 } });
    await ada.ask(EditMessageDocument, { messageId: first.id, text: 'Edited' });
    expect(await ada.send(chat, 'Hello', 'key')).toMatchObject({ deduplicated: true, message: { text: 'Edited' } });
    await erase(ada, chat, [first.id]);
    await root.ask(CloseChatDocument, { chatId: chat.id });
    expect(await ada.send(chat, 'Hello', 'key')).toMatchObject({ deduplicated: true, message: { isDeleted: true } });
    expect(await ada.send(chat, 'Hello', 'other key')).toMatchObject({ __typename: 'ChatClosedError' });
  });

  it('many at once gives each its own number, without gaps', async () => {
    const { ada, boris, chat } = await group();

    const sent = await Promise.all(upTo(60).map((number) => say(number % 2 ? ada : boris, chat, `text ${number}`)));

    expect(sent.map(({ seq }) => seq).sort((one, other) => one - other)).toEqual(upTo(60));
  });
});

describe('editing', () => {
  it('S2.8 S3.22 changes one’s own message for all, and says so', async () => {
    const { ada, boris, chat } = await group();
    const { id } = await say(ada, chat, 'Helo');

    const { editMessage } = await ada.ask(EditMessageDocument, { messageId: id, text: 'Hello' });

    expect(editMessage).toMatchObject({ message: { id, seq: 1, text: 'Hello', isEdited: true, isDeleted: false } });
    expect(await textsOf(boris, chat)).toEqual(['Hello']);
  });

  it('S3.31 C12 of another’s, of one that is not there and of one that was deleted answers alike', async () => {
    const { root, ada, boris, chat } = await group();
    const [boriss, gone] = [await say(boris, chat, 'His'), await say(ada, chat, 'Hers')];
    await erase(ada, chat, [gone.id]);
    const nowhere = Buffer.from(`Message:${Buffer.from(chat.id, 'base64').toString().split(':')[1]}:99`).toString(
      'base64',
    );

    const answers = await Promise.all(
      [boriss.id, gone.id, nowhere].flatMap((messageId) =>
        [ada, root].map((person) => person.ask(EditMessageDocument, { messageId, text: 'Mine' })),
      ),
    );

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toEqual({ editMessage: { __typename: 'NotFoundError', reason: 'Message not found' } });
    expect(await textsOf(boris, chat)).toEqual(['His', null]);
  });
});

describe('deleting', () => {
  // S2.8 S3.23 C2
  it('makes tombstones of one or many, with one event', async () => {
    const { ada, boris, chat } = await group();
    const messages = [await say(ada, chat, 'one'), await say(ada, chat, 'two'), await say(boris, chat, 'three')];
    const ids = messages.slice(0, 2).map(({ id }) => id);

    const answer = await ada.ask(
      `mutation ($chatId: ID!, $ids: [ID!]!) { deleteMessages(input: { chatId: $chatId, messageIds: $ids }) {
        ... on DeleteMessagesSuccess { deletedIds messages { id text isDeleted } refused { messageId } } } }`,
      { chatId: chat.id, ids },
    );

    const tombstones = ids.map((id) => ({ id, text: null, isDeleted: true }));
    expect(answer).toEqual({ deleteMessages: { deletedIds: ids, messages: tombstones, refused: [] } });
    const { chat: seen } = await boris.ask(HistoryDocument, { chatId: chat.id });
    expect(seen!.headSeq).toBe(4);
    expect(seen!.messages.nodes).toMatchObject([
      { id: ids[0], seq: 1, text: null, isDeleted: true, sender: { username: ada.username } },
      { id: ids[1], seq: 2, text: null, isDeleted: true },
      { seq: 3, text: 'three', isDeleted: false },
    ]);
  });

  it('S3.32 takes those that may go and names the others; again it answers alike, without an event', async () => {
    const { ada, boris, chat } = await group();
    const [own, others] = [await say(ada, chat, 'hers'), await say(boris, chat, 'his')];
    const ids = [own.id, others.id, 'nonsense', own.id];

    const answers = [await erase(ada, chat, ids), await erase(ada, chat, ids)];

    for (const { deleteMessages } of answers) {
      expect(deleteMessages).toEqual({
        __typename: 'DeleteMessagesSuccess',
        deletedIds: [own.id],
        refused: [
          { messageId: others.id, code: 'FORBIDDEN' },
          { messageId: 'nonsense', code: 'NOT_FOUND' },
        ],
      });
    }
    expect(await headSeq(ada, chat)).toBe(3);
  });

  it('S3.32 C12 is “not found” and changes nothing where none may go', async () => {
    const { ada, boris, chen, chat } = await group();
    const others = [await say(boris, chat, 'his'), await say(chen, chat, 'hers')].map(({ id }) => id);
    const elsewhere = await say(ada, await groupOf(people.root, ada), 'elsewhere');

    const { deleteMessages } = await erase(ada, chat, [...others, elsewhere.id]);

    expect(deleteMessages?.__typename).toBe('NotFoundError');
    expect(await headSeq(ada, chat)).toBe(2);
  });

  it.each([
    ['none', []],
    ['101', Array.from({ length: 101 }, (_, index) => `id ${index}`)],
  ])('refuses %s at once', async (_what, ids) => {
    const { ada, chat } = await group();

    expect((await erase(ada, chat, ids)).deleteMessages?.__typename).toBe('InvalidInputError');
  });
});

describe('lists', () => {
  // S1.12 S4.15 C9
  it('a chat’s own: oldest first, in pages both ways; without a word the newest 50', async () => {
    const { ada, boris, chat } = await group();
    await Promise.all(upTo(60).map((number) => say(number % 2 ? ada : boris, chat, `text ${number}`)));
    const page = async (args: { first?: number; after?: string; last?: number; before?: string }) =>
      (await boris.ask(HistoryDocument, { chatId: chat.id, ...args })).chat!.messages;
    const seqs = ({ nodes }: { nodes: { seq: number }[] }) => nodes.map(({ seq }) => seq);

    const newest = await page({});
    const before = await page({ last: 50, before: newest.pageInfo.startCursor! });
    const oldest = await page({ first: 25 });
    const next = await page({ first: 100, after: oldest.pageInfo.endCursor! });

    expect(seqs(newest)).toEqual(upTo(60).slice(10));
    expect(newest.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
    expect(seqs(before)).toEqual(upTo(10));
    expect(before.pageInfo).toMatchObject({ hasPreviousPage: false });
    expect(seqs(oldest)).toEqual(upTo(25));
    expect(oldest.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
    expect(seqs(next)).toEqual(upTo(60).slice(25));
  });

  it('S0.4 C9 all that one sent or received in dialogs, newest first; a chat’s with its id', async () => {
    const [me, one, other] = [
      await newPerson(node, 'me'),
      await newPerson(node, 'one'),
      await newPerson(node, 'other'),
    ];
    const [withOne, withOther] = [await directChat(me, one), await directChat(other, me)];
    const foreign = await directChat(one, other);
    await say(me, withOne, 'first');
    await say(other, withOther, 'second');
    await say(one, foreign, 'not mine');
    await say(one, withOne, 'third');
    await say(me, await groupOf(people.root, me, one), 'in a group');

    const { all, some } = await me.ask<Record<string, { nodes: { text: string }[] }>, object>(
      'query ($id: ID!) { all: messages { nodes { text } } some: messages(chatId: $id) { nodes { text } } }',
      { id: withOne.id },
    );

    expect(all!.nodes.map(({ text }) => text)).toEqual(['third', 'second', 'first']);
    expect(some!.nodes.map(({ text }) => text)).toEqual(['third', 'first']);
  });
});
