import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import { NotFoundError } from '../../../src/domain/errors.js';
import type { NotificationRow } from '../../../src/domain/notifications/notification-row.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, errorOf, momentOf, newPerson, type ChatNode } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);

const unreadOf = async ({ notifications }: ChatNode, viewer: Viewer): Promise<NotificationRow[]> =>
  (await notifications.list(viewer, true)).edges.map(({ node }) => node);

/** Two people in a group, with nothing to be told. */
const aQuietChat = async (db = database.current) => {
  const node = await chatNode(db);
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob);
  await node.notifications.markRead(bob, null);
  return { ...node, node, ada, bob, admin, chat };
};

describe('NEW_MESSAGE', () => {
  // S4.9 S0.20 S0.22
  it('is one for each chat: the newest message by another, and how many are unread', async () => {
    const { node, ada, bob, chat, say } = await aQuietChat();
    await say(ada, chat, 'one');
    const [first] = await unreadOf(node, bob);
    await say(ada, chat, 'two');
    await say(bob, chat, 'my own');

    const [second, ...more] = await unreadOf(node, bob);

    expect(more).toEqual([]);
    expect(first).toMatchObject({ kind: 'NEW_MESSAGE', chatId: chat.id, unreadCount: 1, message: { text: 'one' } });
    expect(second).toMatchObject({
      id: first!.id,
      unreadCount: 2,
      message: { text: 'two' },
      sender: { id: ada.id },
      readAt: null,
    });
    expect(second!.createdAt).toEqual(second!.message!.createdAt);
  });

  it('is gone once read, set aside or deleted, and comes back with what is written then', async () => {
    const { node, ada, bob, chat, say, messages, readPositions, notifications } = await aQuietChat();
    const gone = async () => expect(await unreadOf(node, bob)).toEqual([]);

    await say(ada, chat);
    await readPositions.mark(bob, chat.id, null);
    await gone();

    const seq = await say(ada, chat);
    await messages.delete(ada, chat.id, [{ rawId: '', key: { chatId: chat.id, seq } }]);
    await gone();

    await say(ada, chat);
    const [told] = await unreadOf(node, bob);
    expect(await notifications.markRead(bob, [told!.id])).toBe(0);
    await gone();

    await say(bob, chat, 'my own');
    await gone();

    await say(ada, chat, 'news');
    expect(await unreadOf(node, bob)).toMatchObject([{ id: told!.id, message: { text: 'news' }, unreadCount: 2 }]);
  });

  it('set aside tells the senders nothing: the read position stays', async () => {
    const { ada, bob, chat, say, chats, members, hear, notifications } = await aQuietChat();
    await say(ada, chat);
    const heard = await hear(chat);

    await notifications.markRead(bob, null);
    await say(ada, chat); // a fence

    await expect.poll(() => heard).toMatchObject([{ events: [{ type: 'MESSAGE_SENT' }] }]);
    const member = await members.byKey(ada, { chatId: chat.id, userId: bob.id });
    expect(member).toMatchObject({ lastReadSeq: 0 });
    expect(await chats.unreadTotal(bob)).toBe(2);
  });

  it('is found for many users and chats by one statement, as gone where there is none', async () => {
    const { db, count } = counting(database.current);
    const { node, ada, bob, admin, chat, say, chats, notifications } = await aQuietChat(db);
    const { chat: dialog } = await chats.openDirect(ada, bob.id);
    await say(ada, chat, 'in the group');
    await say(ada, dialog, 'in the dialog');
    const [listed] = (await unreadOf(node, bob)).filter((one) => one.chatId === chat.id);
    const before = count();

    const found = await notifications.newMessages([
      { userId: bob.id, chatId: dialog.id },
      { userId: admin.id, chatId: chat.id },
      { userId: bob.id, chatId: chat.id },
      { userId: ada.id, chatId: chat.id },
      { userId: ada.id, chatId: 2n ** 62n },
    ]);

    expect(count() - before).toBe(1);
    expect(found[2]).toEqual(listed);
    expect(found[0]).toMatchObject({ id: `m${dialog.id}`, message: { text: 'in the dialog' }, unreadCount: 1 });
    for (const gone of [found[1], found[3], found[4]])
      expect(gone).toMatchObject({ message: null, sender: null, unreadCount: 0 });
    await notifications.markRead(bob, [listed!.id]);
    expect(await notifications.newMessages([{ userId: bob.id, chatId: chat.id }])).toMatchObject([
      { id: listed!.id, message: null, unreadCount: 0 },
    ]);
  });
});

describe('the list of notifications', () => {
  it('mixes stored ones and new messages, newest first, page by page, for one statement a page', async () => {
    const { db, count } = counting(database.current);
    const node = await chatNode(db);
    const [ada, bob] = [await someone(), await someone()];
    const rooms = [];
    for (let index = 0; index < 4; index += 1) {
      const { admin, chat } = await node.group(ada, bob);
      rooms.push(chat);
      if (index % 2 === 0) await node.say(ada, chat);
      if (index === 3) await node.members.remove(admin, chat.id, bob.id);
    }
    const expected = [
      ['CHAT_REMOVED', rooms[3]!.id],
      ['CHAT_ADDED', rooms[3]!.id],
      ['NEW_MESSAGE', rooms[2]!.id],
      ['CHAT_ADDED', rooms[2]!.id],
      ['CHAT_ADDED', rooms[1]!.id],
      ['NEW_MESSAGE', rooms[0]!.id],
      ['CHAT_ADDED', rooms[0]!.id],
    ];

    const listed: unknown[] = [];
    let after: string | null = null;
    do {
      const before = count();
      const page: Awaited<ReturnType<typeof node.notifications.list>> = await node.notifications.list(bob, false, {
        first: 2,
        after,
      });
      expect(count() - before).toBe(1);
      listed.push(...page.edges.map(({ node: { kind, chatId } }) => [kind, chatId]));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    const last = await node.notifications.list(bob, false, { last: 3 });

    expect(listed).toEqual(expected);
    expect(last.edges.map(({ node: { kind, chatId } }) => [kind, chatId])).toEqual(expected.slice(-3));
    expect(await errorOf(node.notifications.list(bob, false, { after: 'nonsense' }))).toBeInstanceOf(BadUserInputError);
  });

  it('keeps stored ones as read, and shows them where not only the unread are asked for', async () => {
    const { bob, chat, notifications } = await aQuietChat();

    const all = (await notifications.list(bob, false)).edges.map(({ node }) => node);

    expect(all).toMatchObject([{ kind: 'CHAT_ADDED', chatId: chat.id }]);
    expect(all[0]!.readAt).toBeInstanceOf(Date);
    expect((await notifications.list(bob, true)).edges).toEqual([]);
  });
});

describe('marking notifications as read', () => {
  it('takes some or all, says how many are left, and tells one’s own devices', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const [one, two] = [(await node.group(ada, bob)).chat, (await node.group(ada, bob)).chat];
    await node.say(ada, one);
    await node.say(ada, two);
    const heard = await node.hearAs(bob);
    const [newest, ...others] = await unreadOf(node, bob);
    const stored = others.find(({ kind }) => kind === 'CHAT_ADDED')!;

    expect(await node.notifications.markRead(bob, [])).toBe(4);
    expect(await node.notifications.markRead(bob, [newest!.id, newest!.id])).toBe(3);
    expect(await node.notifications.markRead(bob, [newest!.id, stored.id])).toBe(2);
    expect(await node.notifications.markRead(bob, [stored.id])).toBe(2);
    expect(await node.notifications.markRead(bob, null)).toBe(0);
    expect(await node.notifications.markRead(bob, null)).toBe(0);

    await expect.poll(() => heard.length).toBeGreaterThanOrEqual(3);
    expect(heard.slice(0, 2)).toEqual([two.id, stored.chatId].map(String));
  });

  it('changes nothing where one of them is not there', async () => {
    const { node, ada, bob, chat, say, group, notifications } = await aQuietChat();
    const foreign = (await group(ada)).chat;
    await say(ada, chat);
    const [adas] = (await notifications.list(ada, false)).edges;
    const [own] = await unreadOf(node, bob);

    const noneOfBobs = [adas!.node.id, `m${foreign.id}`, '0', 'm', '-1', '9'.repeat(19), 'nonsense', '1\0', null];
    for (const id of noneOfBobs) {
      expect(await errorOf(notifications.markRead(bob, [own!.id, id]))).toBeInstanceOf(NotFoundError);
    }
    expect(await unreadOf(node, bob)).toEqual([own]);
    expect(await notifications.byIds(bob, [own!.id, 'nonsense', adas!.node.id])).toEqual([own, null, null]);
  });

  it('and sends and marks at once end neither in a deadlock nor in a lost notification', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const rooms = [];
    for (let index = 0; index < 5; index += 1) rooms.push((await node.group(ada, bob)).chat);

    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        node.notifications.markRead(bob, null),
        node.notifications.markRead(bob, null),
        ...rooms.map((chat) => node.say(ada, chat)),
        ...rooms.map((chat) => node.say(bob, chat)),
        ...rooms.map((chat) => node.readPositions.mark(bob, chat.id, null)),
      ]);
    }
    for (const chat of rooms) await node.say(ada, chat, 'last');

    expect((await unreadOf(node, bob)).map(({ message }) => message?.text)).toEqual(rooms.map(() => 'last'));
  });
});

describe('what changed of them', () => {
  it('is told with what was read meanwhile, each once', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    await node.group(bob);
    const start = await momentOf(database.current);
    const { chat } = await node.group(bob);
    await node.group(ada);

    const added = await node.notifications.since(bob, start);
    const nothing = await node.notifications.since(bob, added.moment);
    await node.notifications.markRead(bob, null);
    const read = await node.notifications.since(bob, nothing.moment);

    expect(added.stored).toMatchObject([{ kind: 'CHAT_ADDED', chatId: chat.id, readAt: null }]);
    expect(nothing).toMatchObject({ stored: [], chatIds: [] });
    expect(read.stored).toHaveLength(2);
    for (const row of read.stored) expect(row.readAt).toBeInstanceOf(Date);
  });

  it('names the chats that were read or set aside', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const rooms = [
      (await node.group(ada, bob)).chat,
      (await node.group(ada, bob)).chat,
      (await node.group(ada, bob)).chat,
    ];
    for (const chat of rooms) await node.say(ada, chat);
    const start = await momentOf(database.current);

    await node.readPositions.mark(bob, rooms[0]!.id, null);
    const [aside] = (await unreadOf(node, bob)).filter((one) => one.chatId === rooms[1]!.id);
    await node.notifications.markRead(bob, [aside!.id]);

    const { chatIds } = await node.notifications.since(bob, start);
    expect(new Set(chatIds)).toEqual(new Set([rooms[0]!.id, rooms[1]!.id]));
    expect((await node.notifications.since(ada, start)).chatIds).toEqual([]);
  });
});
