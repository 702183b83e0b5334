/** What is unread, what tells of it wherever one is, and what reading it changes. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  AddChatMemberDocument,
  ChatDocument,
  DeleteMessagesDocument,
  MarkReadDocument,
  NotificationEventsDocument,
  NotificationReceivedDocument,
  NotificationsDocument,
  OpenDirectChatDocument,
  RemoveChatMemberDocument,
  type NotificationEventsSubscription,
  type NotificationFieldsFragment,
} from '../support/generated/operations.js';
import type { Live } from '../support/live.js';
import { ownNode } from '../support/node.js';
import { administrator, groupOf, newPerson, say, type Chat, type Person } from '../support/people.js';
import { openEvents } from '../support/sse.js';

const node = ownNode();

let root: Person;
beforeAll(async () => {
  root = await administrator(node);
});

/** People whom nothing was told of before, in a new group. */
const group = async () => {
  const [ada, boris] = await Promise.all([newPerson(node, 'ada'), newPerson(node, 'boris')]);
  return { ada, boris, chat: await groupOf(root, ada, boris) };
};

const unread = async (person: Person, chat: Chat) => {
  const { chat: seen } = await person.ask(ChatDocument, { id: chat.id });
  const { unreadCount } = await person.ask<{ unreadCount: number }, object>('{ unreadCount }');
  return { here: seen!.unreadCount, inAll: unreadCount };
};

const read = async (person: Person, chat: Chat, upToSeq?: number) =>
  (await person.ask(MarkReadDocument, { chatId: chat.id, ...(upToSeq !== undefined && { upToSeq }) })).markRead;

const positionOf = async (person: Person, chat: Chat) => {
  const seen = await person.ask<
    { chat: { members: { nodes: { lastReadSeq: number; user: { id: string } }[] } } },
    object
  >('query ($id: ID!) { chat(id: $id) { members { nodes { lastReadSeq user { id } } } } }', { id: chat.id });
  return seen.chat.members.nodes.find(({ user }) => user.id === person.id)!.lastReadSeq;
};

describe('what is unread', () => {
  it('S0.22 is what others sent since one read, in a chat and in all, deleted ones not counted', async () => {
    const { ada, boris, chat } = await group();
    const other = await groupOf(root, ada, boris);
    const messages = [await say(ada, chat, 'one'), await say(ada, chat, 'two'), await say(ada, chat, 'three')];
    await say(ada, other, 'elsewhere');

    expect(await unread(boris, chat)).toEqual({ here: 3, inAll: 4 });
    expect(await unread(ada, chat)).toEqual({ here: 0, inAll: 0 });
    await say(boris, chat, 'sending moves no position');
    expect(await unread(boris, chat)).toEqual({ here: 3, inAll: 4 });
    await ada.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [messages[1]!.id] });
    expect(await unread(boris, chat)).toEqual({ here: 2, inAll: 3 });
    await read(boris, chat, 1);
    expect(await unread(boris, chat)).toEqual({ here: 1, inAll: 2 });
    await read(boris, chat);
    expect(await unread(boris, chat)).toEqual({ here: 0, inAll: 1 });
  });

  it('is nothing of what was written before one came, which one may read', async () => {
    const { ada, boris, chat } = await group();
    await say(ada, chat, 'before');
    const chen = await newPerson(node, 'chen');

    await root.ask(AddChatMemberDocument, { chatId: chat.id, userId: chen.id });
    expect(await unread(chen, chat)).toEqual({ here: 0, inAll: 0 });
    await say(boris, chat, 'after');
    expect(await unread(chen, chat)).toEqual({ here: 1, inAll: 1 });
  });
});

describe('reading', () => {
  it('S2.5 C8 marks everything without a number or beyond the head, and never goes back', async () => {
    const { ada, boris, chat } = await group();
    for (const text of ['one', 'two', 'three']) await say(ada, chat, text);

    expect(await read(boris, chat, 2)).toMatchObject({ __typename: 'MarkReadSuccess', chat: { unreadCount: 1 } });
    expect(await positionOf(boris, chat)).toBe(2);
    expect(await read(boris, chat, 1)).toMatchObject({ chat: { unreadCount: 1 } });
    expect(await positionOf(boris, chat)).toBe(2);
    expect(await read(boris, chat, 1000)).toMatchObject({ chat: { unreadCount: 0 } });
    expect(await positionOf(boris, chat)).toBe(3);
    await say(ada, chat, 'four');
    expect(await read(boris, chat)).toMatchObject({ chat: { unreadCount: 0 } });
    expect(await positionOf(boris, chat)).toBe(4);
  });

  it('is refused for a number below zero', async () => {
    const { boris, chat } = await group();

    expect(await read(boris, chat, -1)).toMatchObject({ __typename: 'InvalidInputError' });
  });
});

type Received = Live<{ notificationReceived: NotificationFieldsFragment }>;

const open = async <Data>(
  person: Person,
  document: TypedDocumentNode<Data, Record<string, never>>,
  over: 'ws' | 'sse' = 'ws',
) =>
  over === 'ws'
    ? (await person.connect()).open(document)
    : openEvents(node.endpoint, document, {}, { token: person.session.accessToken });

/** What changes in the list, as it comes. */
const following = async (person: Person, over: 'ws' | 'sse' = 'ws') => {
  const live = await open(person, NotificationEventsDocument, over);
  const next = async <Type extends Change['__typename']>(
    type: Type,
  ): Promise<Extract<Change, { __typename: Type }>> => {
    for (;;) {
      const { data, errors } = await live.next();
      if (!data) throw new Error(JSON.stringify(errors));
      const change = data.notificationEvents;
      if (change.__typename === type) return change as Extract<Change, { __typename: Type }>;
    }
  };
  return { live, next };
};

type Change = NotificationEventsSubscription['notificationEvents'];

/** Notifications as they come, once they are seen to. */
const notified = async (person: Person, over: 'ws' | 'sse' = 'ws') => {
  const live: Received = await open(person, NotificationReceivedDocument, over);
  // Nothing is kept for who comes late: it stands once it has told of a chat that they were added to.
  const other = await newPerson(node, 'other');
  while (live.answers.length === 0) {
    await groupOf(root, person, other);
    await expect
      .poll(() => live.answers.length, { timeout: 500 })
      .toBeGreaterThan(0)
      .catch(() => undefined);
  }
  /** Past what does not fit. */
  const next = async (fits: (notification: NotificationFieldsFragment) => boolean) => {
    for (;;) {
      const { data, errors } = await live.next();
      if (!data) throw new Error(JSON.stringify(errors));
      if (fits(data.notificationReceived)) return data.notificationReceived;
    }
  };
  return { live, next };
};

const listed = async (person: Person, unreadOnly = false) =>
  (await person.ask(NotificationsDocument, { unreadOnly })).notifications!.nodes;

describe('a notification', () => {
  it.each(['ws', 'sse'] as const)(
    // S4.9 S0.19 S0.20 S0.21
    'of a new message comes wherever one is (%s), once for each chat, and goes when it is read',
    async (over) => {
      const { ada, boris, chat } = await group();
      const { live, next } = await notified(boris, over);
      const changes = await following(boris, over);
      await say(ada, chat, 'one');
      const first = await next(({ message }) => message?.text === 'one');
      let added = await changes.next('NotificationAdded');
      while (added.notification.message?.text !== 'one') added = await changes.next('NotificationAdded');
      await say(ada, chat, 'two');
      const second = await next(({ message }) => message?.text === 'two');

      expect(first).toMatchObject({ kind: 'NEW_MESSAGE', chat: { id: chat.id }, unreadCount: 1, readAt: null });
      expect(first.sender).toEqual({ username: ada.username });
      expect(added.notification).toEqual(first);
      expect(second).toMatchObject({ id: first.id, unreadCount: 2 });
      expect((await listed(boris)).filter(({ kind }) => kind === 'NEW_MESSAGE')).toEqual([second]);

      await read(boris, chat);
      while ((await changes.next('NotificationRemoved')).notificationId !== first.id);
      expect((await listed(boris)).filter(({ kind }) => kind === 'NEW_MESSAGE')).toEqual([]);
      await say(ada, chat, 'the fence');
      expect(await next(({ message }) => message?.text === 'the fence')).toMatchObject({ unreadCount: 1 });
      const texts = live.answers.map(({ data }) => data?.notificationReceived.message?.text);
      expect(texts.filter((text) => text !== undefined)).toEqual(['one', 'two', 'the fence']);
      await live.stop();
      await changes.live.stop();
    },
  );

  it('comes of no message of one’s own, and of none in others’ chats', async () => {
    const { ada, boris, chat } = await group();
    const others = await group();
    const { live, next } = await notified(boris);
    await say(boris, chat, 'mine');
    await say(others.ada, others.chat, 'not for boris');

    await say(ada, chat, 'the fence');
    await next(({ message }) => message?.text === 'the fence');

    const texts = live.answers.map(({ data }) => data?.notificationReceived.message?.text);
    expect(texts).not.toContain('mine');
    expect(texts).not.toContain('not for boris');
  });

  it('tells of the chats that one was brought into and taken out of, and is marked as read', async () => {
    const { ada, chat } = await group();
    const chen = await newPerson(node, 'chen');
    const { next } = await notified(chen);
    const changes = await following(chen);
    const { openDirectChat } = await ada.ask(OpenDirectChatDocument, { userId: chen.id });
    expect(openDirectChat?.__typename).toBe('OpenDirectChatSuccess');

    await root.ask(AddChatMemberDocument, { chatId: chat.id, userId: chen.id });
    const added = await next(({ kind, chat: of }) => kind === 'CHAT_ADDED' && of?.id === chat.id);
    await root.ask(RemoveChatMemberDocument, { chatId: chat.id, userId: chen.id });
    const removed = await next(({ kind }) => kind === 'CHAT_REMOVED');

    // What one is no member of any more is not shown.
    expect(removed).toMatchObject({ chat: null, message: null, unreadCount: 0, readAt: null });
    const MARK = `mutation ($ids: [ID!]) {
      markNotificationsRead(input: { notificationIds: $ids }) { __typename ... on MarkNotificationsReadSuccess { unreadCount } }
    }`;
    const unreadOnes = await listed(chen, true);
    expect(unreadOnes.map(({ id }) => id)).toEqual(expect.arrayContaining([added.id, removed.id]));
    expect(await chen.ask(MARK, { ids: [added.id] })).toEqual({
      markNotificationsRead: { __typename: 'MarkNotificationsReadSuccess', unreadCount: unreadOnes.length - 1 },
    });
    const isRead = await changes.next('NotificationChanged');
    expect(isRead.notification).toMatchObject({ id: added.id, kind: 'CHAT_ADDED' });
    expect(isRead.notification.readAt).not.toBeNull();
    expect(await chen.ask(MARK, { ids: null })).toMatchObject({ markNotificationsRead: { unreadCount: 0 } });
    expect(await listed(chen, true)).toEqual([]);
    // Another's is nobody's.
    expect(await ada.ask(MARK, { ids: [added.id] })).toMatchObject({
      markNotificationsRead: { __typename: 'NotFoundError' },
    });
  });

  it('is set aside without moving the position, and comes again with the next message', async () => {
    const { ada, boris, chat } = await group();
    const { next } = await notified(boris);
    const changes = await following(boris);
    await say(ada, chat, 'one');
    const { id } = await next(({ message }) => message?.text === 'one');

    await boris.ask('mutation { markNotificationsRead(input: {}) { __typename } }');
    while ((await changes.next('NotificationRemoved')).notificationId !== id);
    expect(await positionOf(boris, chat)).toBe(0);
    expect(await unread(boris, chat)).toEqual({ here: 1, inAll: 1 });
    await say(ada, chat, 'two');

    expect(await next(({ message }) => message?.text === 'two')).toMatchObject({ id });
  });
});
