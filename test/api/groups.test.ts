/** Chats as people come to have them: groups that administrators make, and dialogs that anyone opens. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  AddChatMemberDocument,
  AddChatMembersDocument,
  ChatsDocument,
  CloseChatDocument,
  CreateChatDocument,
  LeaveChatDocument,
  OpenDirectChatDocument,
  RemoveChatMemberDocument,
  ReopenChatDocument,
  SetUserActiveDocument,
  UpdateChatDocument,
  UpsertUsersDocument,
  type ChatsQuery,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { administrator, groupOf, headSeq, newPerson, type Person } from '../support/people.js';
import { upTo } from '../support/sent.js';

const node = ownNode();

let root: Person;
let ada: Person;
let boris: Person;
beforeAll(async () => {
  root = await administrator(node);
  ada = await newPerson(node, 'ada');
  boris = await newPerson(node, 'boris');
});

const create = async (input: { name: string; slug?: string | null; memberIds?: string[] }) =>
  (await root.ask(CreateChatDocument, { input })).createChat!;

const membersOf = async (person: Person, chat: { id: string }) => {
  const { chat: seen } = await person.ask<
    { chat: { members: { nodes: { user: { username: string } }[] } } | null },
    object
  >('query ($id: ID!) { chat(id: $id) { members { nodes { user { username } } } } }', { id: chat.id });
  return seen?.members.nodes.map(({ user }) => user.username);
};

const opened = async (person: Person, other: Person) => {
  const { openDirectChat } = await person.ask(OpenDirectChatDocument, { userId: other.id });
  if (openDirectChat?.__typename !== 'OpenDirectChatSuccess') throw new Error(JSON.stringify(openDirectChat));
  return openDirectChat;
};

describe('a group', () => {
  // S1.3 S1.5 S3.24 S4.4
  it('is made with a name, a short name to find it by, and its members; its maker is none of them', async () => {
    const answer = await create({
      name: '  The Бухгалтерия 📊 ',
      slug: 'accounts',
      memberIds: [ada.id, boris.id, ada.id],
    });

    if (answer.__typename !== 'CreateChatSuccess') throw new Error(JSON.stringify(answer));
    expect(answer.chat).toMatchObject({
      kind: 'GROUP',
      name: 'The Бухгалтерия 📊',
      slug: 'accounts',
      closedAt: null,
      headSeq: 0,
    });
    expect(await membersOf(root, answer.chat)).toEqual([ada.username, boris.username]);
    expect(await ada.ask('{ chat(slug: "accounts") { id } }')).toEqual({ chat: { id: answer.chat.id } });
    expect(await (await newPerson(node, 'stranger')).ask('{ chat(slug: "accounts") { id } }')).toEqual({ chat: null });
  });

  it('is refused with all that is wrong with it, and with members that are none', async () => {
    const FIELDS = `mutation ($input: CreateChatInput!) {
      createChat(input: $input) { __typename ... on InvalidInputError { fields { path } } }
    }`;
    const wrong = async (input: object) =>
      (await root.ask<{ createChat: { __typename: string; fields?: { path: string[] }[] } }, object>(FIELDS, { input }))
        .createChat;

    expect(await wrong({ name: ' ', slug: 'Not A Slug!' })).toEqual({
      __typename: 'InvalidInputError',
      fields: [{ path: ['name'] }, { path: ['slug'] }],
    });
    for (const name of ['', 'x'.repeat(101), 'a\0b', 'a\ud83d'])
      expect(await wrong({ name })).toMatchObject({ fields: [{ path: ['name'] }] });
    await create({ name: 'First', slug: 'taken' });
    expect(await wrong({ name: 'Second', slug: 'taken' })).toMatchObject({ fields: [{ path: ['slug'] }] });
    expect(await wrong({ name: 'Nobody', memberIds: [ada.id, 'nonsense'] })).toEqual({ __typename: 'NotFoundError' });
  });

  it('gives one group a short name that several ask for at once', async () => {
    const answers = await Promise.all(upTo(4).map((number) => create({ name: `Group ${number}`, slug: 'wanted' })));

    expect(answers.map(({ __typename }) => __typename).sort()).toEqual([
      'CreateChatSuccess',
      ...Array<string>(3).fill('InvalidInputError'),
    ]);
  });

  it('S1.13 S1.14 takes in and lets go: twice is once, and who is gone sees nothing of it', async () => {
    const chat = await groupOf(root, ada);
    const member = { chatId: chat.id, userId: boris.id };
    await ada.send(chat, 'before');
    expect(await membersOf(boris, chat)).toBeUndefined();

    for (const _ of upTo(2))
      expect(await root.ask(AddChatMemberDocument, member)).toMatchObject({
        addChatMember: { __typename: 'AddChatMemberSuccess' },
      });
    expect(await membersOf(boris, chat)).toEqual([ada.username, boris.username]);
    expect(await boris.ask('query ($id: ID!) { messages(chatId: $id) { nodes { text } } }', { id: chat.id })).toEqual({
      messages: { nodes: [{ text: 'before' }] },
    });

    const removed = [
      await root.ask(RemoveChatMemberDocument, member),
      await root.ask(RemoveChatMemberDocument, member),
    ];
    expect(removed.map(({ removeChatMember }) => removeChatMember?.__typename)).toEqual([
      'RemoveChatMemberSuccess',
      'NotFoundError',
    ]);
    expect(await membersOf(boris, chat)).toBeUndefined();
    expect(await boris.send(chat, 'anyone?')).toMatchObject({ __typename: 'NotFoundError' });
    expect(await headSeq(ada, chat)).toBe(3);
  });

  it('S1.4 C6 is left by oneself; who is brought back reads it all', async () => {
    const chat = await groupOf(root, ada, boris);
    await ada.send(chat, 'one');

    expect(await boris.ask(LeaveChatDocument, { chatId: chat.id })).toEqual({
      leaveChat: { __typename: 'LeaveChatSuccess', chatId: chat.id },
    });
    expect(await boris.ask(LeaveChatDocument, { chatId: chat.id })).toMatchObject({
      leaveChat: { __typename: 'NotFoundError' },
    });
    await ada.send(chat, 'while away');
    await root.ask(AddChatMemberDocument, { chatId: chat.id, userId: boris.id });

    const following = await boris.follow(chat, { after: chat.cursor });
    await following.event('ChatReady');
    expect(following.events.map((event) => event.__typename)).toEqual([
      'MessageSent',
      'MemberRemoved',
      'MessageSent',
      'MemberAdded',
      'ChatReady',
    ]);
  });

  it('is renamed, closed and reopened, each with one event, and once more without', async () => {
    const chat = await groupOf(root, ada);
    const { id: chatId } = chat;
    const update = async (input: object) =>
      (await root.ask(UpdateChatDocument, { input: { chatId, ...input } })).updateChat;

    for (const _ of upTo(2))
      expect(await update({ name: 'Renamed' })).toMatchObject({ chat: { name: 'Renamed', headSeq: 1 } });
    expect(await update({ slug: 'renamed' })).toMatchObject({ chat: { name: 'Renamed', slug: 'renamed', headSeq: 2 } });
    expect(await update({ slug: null })).toMatchObject({ chat: { name: 'Renamed', slug: null, headSeq: 3 } });
    expect(
      await root.ask(
        `mutation ($chatId: ID!) { updateChat(input: { chatId: $chatId, name: null }) {
          __typename ... on InvalidInputError { fields { path } } } }`,
        { chatId },
      ),
    ).toEqual({ updateChat: { __typename: 'InvalidInputError', fields: [{ path: ['name'] }] } });
    for (const _ of upTo(2))
      expect(await root.ask(CloseChatDocument, { chatId })).toMatchObject({
        closeChat: { chat: { closedAt: expect.any(String) as string, headSeq: 4 } },
      });
    expect(await update({ name: 'Too late' })).toMatchObject({ __typename: 'ChatClosedError' });
    for (const _ of upTo(2))
      expect(await root.ask(ReopenChatDocument, { chatId })).toMatchObject({
        reopenChat: { chat: { closedAt: null, headSeq: 5 } },
      });
  });
});

describe('S4.7 a dialog', () => {
  it('is one for each pair, from whichever side, and is nobody else’s', async () => {
    const [one, other] = [await newPerson(node, 'one'), await newPerson(node, 'other')];

    const first = await opened(one, other);
    const second = await opened(other, one);

    expect(first).toMatchObject({ created: true, chat: { kind: 'DIRECT', name: null, slug: null } });
    expect(second).toMatchObject({ created: false, chat: { id: first.chat.id } });
    for (const person of [root, ada]) expect(await membersOf(person, first.chat)).toBeUndefined();
  });

  it('is with somebody else', async () => {
    expect(await ada.ask(OpenDirectChatDocument, { userId: ada.id })).toMatchObject({
      openDirectChat: { __typename: 'InvalidInputError' },
    });
  });
});

describe('S1.11 one’s chats', () => {
  it('are listed with the newest message first, page by page, with what one needs to show them', async () => {
    const [me, other] = [await newPerson(node, 'me'), await newPerson(node, 'other')];
    const chats = [(await opened(me, other)).chat];
    for (const _ of upTo(4)) chats.push(await groupOf(root, me, other));
    // The newest message decides, not the newest chat; a new member does not.
    for (const index of [3, 0, 4, 1]) await other.send(chats[index]!, `in ${index}`);
    await root.ask(AddChatMemberDocument, { chatId: chats[2]!.id, userId: ada.id });
    const expected = [1, 4, 0, 3, 2].map((index) => chats[index]!.id);

    const found: string[] = [];
    let after: string | null | undefined;
    do {
      const answer: ChatsQuery = await me.ask(ChatsDocument, { first: 2, after });
      const { nodes, pageInfo } = answer.chats!;
      found.push(...nodes.map(({ id }) => id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after);
    expect(found).toEqual(expected);

    const { chats: whole } = await me.ask<{ chats: { nodes: unknown[] } }, object>(
      '{ chats { nodes { id unreadCount lastMessage { text } members { nodes { user { username } } } permissions { canSend } } } }',
      {},
    );
    expect(whole.nodes[0]).toEqual({
      id: chats[1]!.id,
      unreadCount: 1,
      lastMessage: { text: 'in 1' },
      members: { nodes: [me, other].map(({ username }) => ({ user: { username } })) },
      permissions: { canSend: true },
    });
    expect(whole.nodes[4]).toMatchObject({ id: chats[2]!.id, unreadCount: 0, lastMessage: null });
  });
});

describe('addChatMembers', () => {
  const addAll = async (person: Person, chat: { id: string }, ...userIds: string[]) =>
    (await person.ask(AddChatMembersDocument, { chatId: chat.id, userIds })).addChatMembers!;
  const idsOf = (people: readonly { id: string }[]) => people.map(({ id }) => id);

  it('adds all at once, each by an event of their own, in order; who was a member is unchanged', async () => {
    const chat = await groupOf(root, ada);
    const [one, two, three] = [await newPerson(node), await newPerson(node), await newPerson(node)];
    const [following, theirs] = [await ada.follow(chat), await two.connect()];
    await following.event('ChatReady');
    const live = theirs.open<{ events: { __typename: string; chat?: { id: string } } }, object>(
      'subscription { events { __typename ... on ChatAdded { chat { id } } } }',
    );
    await live.next();

    const answer = await addAll(root, chat, three.id, ada.id, one.id, two.id, one.id);

    expect(answer).toMatchObject({ chat: { headSeq: 3 }, added: [three, one, two].map(({ id }) => ({ id })) });
    expect(answer).toMatchObject({ unchanged: [{ id: ada.id }] });
    for (const [index, person] of [three, one, two].entries())
      expect(await following.event('MemberAdded')).toMatchObject({
        seq: index + 1,
        user: { username: person.username },
      });
    expect((await live.next()).data?.events).toEqual({ __typename: 'ChatAdded', chat: { id: chat.id } });
    for (const person of [one, two, three]) {
      const { notifications, unreadCount } = await person.ask<
        { notifications: { nodes: { kind: string; chat: { id: string } }[] }; unreadCount: number },
        object
      >('{ notifications { nodes { kind chat { id } } } unreadCount }', {});
      expect(notifications.nodes).toEqual([{ kind: 'CHAT_ADDED', chat: { id: chat.id } }]);
      expect(unreadCount).toBe(0);
    }
    await ada.send(chat, 'welcome');
    expect((await one.ask(ChatsDocument)).chats?.nodes).toMatchObject([{ id: chat.id, unreadCount: 1 }]);
  });

  it('is idempotent: once more nobody is added, and nothing is told', async () => {
    const chat = await groupOf(root, ada);
    const ids = idsOf(await Promise.all(upTo(100).map(() => newPersonId())));
    const first = await addAll(root, chat, ...ids);
    const again = await addAll(root, chat, ...ids);

    expect(first).toMatchObject({ chat: { headSeq: 100 }, unchanged: [] });
    expect(again).toMatchObject({ chat: { headSeq: 100 }, added: [] });
    if (again.__typename !== 'AddChatMembersSuccess') throw new Error(JSON.stringify(again));
    expect(idsOf(again.unchanged)).toEqual(ids);
  });

  it('of two at once adds each one once', async () => {
    const chat = await groupOf(root);
    const ids = idsOf(await Promise.all(upTo(20).map(() => newPersonId())));

    const answers = await Promise.all([addAll(root, chat, ...ids), addAll(root, chat, ...[...ids].reverse())]);

    const added = answers.flatMap((answer) => (answer.__typename === 'AddChatMembersSuccess' ? answer.added : []));
    expect(idsOf(added).sort()).toEqual([...ids].sort());
    expect(await headSeq(root, chat)).toBe(20);
  });

  it('adds nobody where one of them cannot be, or there are none or too many', async () => {
    const [chat, newcomer, gone] = [await groupOf(root, ada), await newPerson(node), await newPerson(node)];
    await root.ask(SetUserActiveDocument, { userId: gone.id, isActive: false });

    for (const other of [gone.id, 'nonsense'])
      expect((await addAll(root, chat, newcomer.id, other)).__typename).toBe('NotFoundError');
    for (const ids of [[], upTo(101).map(() => newcomer.id)])
      expect((await addAll(root, chat, ...ids)).__typename).toBe('InvalidInputError');
    expect(await headSeq(root, chat)).toBe(0);
    expect(await membersOf(root, chat)).toEqual([ada.username]);
  });
});

/** People without passwords, which take long to hash. */
const newPersonId = async (): Promise<{ id: string }> => {
  const { upsertUsers } = await root.ask(UpsertUsersDocument, { users: [{ externalId: randomUUID() }] });
  return upsertUsers?.__typename === 'UpsertUsersSuccess' ? upsertUsers.users[0]! : { id: '' };
};
