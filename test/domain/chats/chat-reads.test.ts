import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import type { MessageAnchor } from '../../../src/domain/chats/messages-around.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, deactivate, errorOf, newPerson, type ChatNode } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);

const setMetadata = ({ id }: { id: bigint }) =>
  database.current.query(`UPDATE chat SET metadata = '{"a":1}' WHERE id = $1`, [id]);

/** Each read of a chat, as what it gives for one. */
const reads: Record<string, (node: ChatNode, viewer: Viewer, chatId: bigint) => Promise<unknown>> = {
  visible: ({ chats }, viewer, chatId) => chats.visible(viewer, chatId),
  permissions: ({ chats }, viewer, chatId) => chats.permissions(viewer, chatId),
  lastMessage: ({ chats }, viewer, chatId) => chats.lastMessage(viewer, chatId),
  unreadCount: ({ chats }, viewer, chatId) => chats.unreadCount(viewer, chatId),
  firstUnreadMessage: ({ chats }, viewer, chatId) => chats.firstUnreadMessage(viewer, chatId),
  memberCount: ({ chats }, viewer, chatId) => chats.memberCount(viewer, chatId),
  metadata: ({ chats }, viewer, chatId) => chats.metadata(viewer, chatId),
  membership: async ({ members }, viewer, chatId) =>
    (await members.byKey(viewer, { chatId, userId: viewer.id }))?.userId,
  'messagesAround, a number': around({ seq: 1 }),
  'messagesAround, a time': around({ time: new Date(0) }),
  members: async ({ chats }, viewer, chatId) => (await chats.members(viewer, chatId)).edges.length,
  messages: async ({ chats }, viewer, chatId) => (await chats.messages(viewer, chatId)).edges.length,
  pair: async ({ chats }, viewer, chatId) => (await chats.pair(viewer, chatId)).length,
};

function around(anchor: MessageAnchor) {
  return async ({ chats }: ChatNode, viewer: Viewer, chatId: bigint) =>
    (await chats.messagesAround(viewer, chatId, anchor, 10)).edges.length;
}

describe.each(Object.keys(reads))('%s', (name) => {
  const read = reads[name]!;

  it('costs one statement for any number of chats', async () => {
    const { db, count } = counting(database.current);
    const node = await chatNode(db);
    const [ada, bob] = [await someone(), await someone()];
    const chatIds: bigint[] = [];
    for (let index = 0; index < 12; index += 1) {
      const { chat } = await node.group(ada, bob);
      await node.say(bob, chat);
      chatIds.push(chat.id);
    }

    for (const size of [1, 12]) {
      const before = count();
      await Promise.all(chatIds.slice(0, size).map((chatId) => read(node, ada, chatId)));
      expect(count() - before).toBe(1);
    }
  });

  it('costs one statement for any number of viewers, and gives each what they would get alone', async () => {
    const { db, count } = counting(database.current);
    const node = await chatNode(db);
    const people = [await someone(), await someone(), await someone(), await someone()];
    const [ada, bob, carol, dan] = people as [Viewer, Viewer, Viewer, Viewer];
    const { admin, chat } = await node.group(...people);
    const { chat: dialog } = await node.chats.openDirect(ada, bob.id);
    for (const place of [chat, dialog]) await setMetadata(place);
    for (const text of ['one', 'two', 'three']) await node.say(ada, chat, text);
    await node.say(bob, chat, 'four');
    await node.say(bob, dialog, 'hi');
    await node.readPositions.mark(bob, chat.id, 2);
    await node.readPositions.mark(carol, chat.id, null);
    await node.members.remove(admin, chat.id, dan.id);
    const viewers = [ada, bob, carol, dan, admin, await someone()];
    const asked = viewers.flatMap((viewer) => [chat.id, dialog.id, 2n ** 62n].map((chatId) => ({ viewer, chatId })));

    const before = count();
    const together = await Promise.all(asked.map(({ viewer, chatId }) => read(node, viewer, chatId)));
    const taken = count() - before;

    expect(taken).toBe(1);
    for (const [index, { viewer, chatId }] of asked.entries())
      expect(together[index], `${index}`).toEqual(await read(node, viewer, chatId));
    expect(together).not.toEqual(together.map(() => together[0]));
  });

  it('gives nothing to one who is no member any more, nor to one who never was', async () => {
    const node = await aNode();
    const [ada, bob, eve] = [await someone(), await someone(), await someone()];
    const { admin, chat } = await node.group(ada, bob);
    const { chat: dialog } = await node.chats.openDirect(ada, bob.id);
    for (const place of [chat, dialog]) {
      await node.say(bob, place);
      await setMetadata(place);
    }
    await node.members.remove(admin, chat.id, ada.id);
    const nothing = {
      visible: null,
      permissions: {
        canSend: false,
        canReact: false,
        canDeleteOthers: false,
        canManageMembers: false,
        canRename: false,
        canClose: false,
        canLeave: false,
        canMarkRead: false,
        canPin: false,
        canMentionEveryone: false,
        canInvite: false,
      },
      lastMessage: null,
      unreadCount: 0,
      firstUnreadMessage: null,
      memberCount: 0,
      metadata: {},
      membership: undefined,
      'messagesAround, a number': 0,
      'messagesAround, a time': 0,
      members: 0,
      messages: 0,
      pair: 0,
    }[name];

    expect(await read(node, ada, chat.id)).toEqual(nothing);
    for (const id of [chat.id, dialog.id, 2n ** 62n]) expect(await read(node, eve, id)).toEqual(nothing);
    expect(await read(node, admin, dialog.id)).toEqual(nothing);
    expect(await read(node, ada, dialog.id)).not.toEqual(nothing);
  });
});

it('permissions say what the viewer may do there now', async () => {
  const { chats, members, group } = await aNode();
  const ada = await someone();
  const { admin, chat } = await group(ada);
  const { chat: dialog } = await chats.openDirect(ada, admin.id);
  const permissionsOf = async (viewer: Viewer, { id }: { id: bigint }) => chats.permissions(viewer, id);

  const inDialog = {
    canSend: true,
    canReact: true,
    canDeleteOthers: false,
    canManageMembers: false,
    canRename: false,
    canClose: false,
    canLeave: false,
    canMarkRead: true,
    canPin: true,
    canMentionEveryone: false,
    canInvite: false,
  };
  const member = { ...inDialog, canLeave: true, canPin: false };
  const administrator = {
    canSend: false,
    canReact: false,
    canDeleteOthers: true,
    canManageMembers: true,
    canRename: true,
    canClose: true,
    canLeave: false,
    canMarkRead: false,
    canPin: true,
    canMentionEveryone: false,
    canInvite: true,
  };
  const both = {
    ...administrator,
    canSend: true,
    canReact: true,
    canLeave: true,
    canMarkRead: true,
    canMentionEveryone: true,
  };
  expect(await permissionsOf(ada, chat)).toEqual(member);
  expect(await permissionsOf(ada, dialog)).toEqual(inDialog);
  expect(await permissionsOf(admin, dialog)).toEqual(inDialog);
  expect(await permissionsOf(admin, chat)).toEqual(administrator);
  await members.add(admin, chat.id, admin.id);
  expect(await permissionsOf(admin, chat)).toEqual(both);
  await chats.close(admin, chat.id);
  expect(await permissionsOf(ada, chat)).toEqual({ ...member, canSend: false, canReact: false });
  expect(await permissionsOf(admin, chat)).toEqual({
    ...both,
    canSend: false,
    canReact: false,
    canRename: false,
    canPin: false,
    canMentionEveryone: false,
    canInvite: false,
  });
});

it('the last message is the newest that is not deleted', async () => {
  const { chats, group, messages, say } = await aNode();
  const ada = await someone();
  const { chat } = await group(ada);
  const lastOf = async () => chats.lastMessage(ada, chat.id);

  expect(await lastOf()).toBeNull();
  await say(ada, chat, 'first');
  const seq = await say(ada, chat, 'second');
  expect(await lastOf()).toMatchObject({ text: 'second', sender: { id: ada.id } });
  await messages.delete(ada, chat.id, [{ rawId: '', key: { chatId: chat.id, seq } }]);
  expect(await lastOf()).toMatchObject({ text: 'first' });
});

it('the first unread message is the oldest by others, not deleted, after what the viewer has read', async () => {
  const { chats, group, messages, readPositions, say } = await aNode();
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await group(ada, bob);
  const firstOf = async (viewer: Viewer) => {
    const first = await chats.firstUnreadMessage(viewer, chat.id);
    return first && { text: first.text, sender: first.sender!.id };
  };
  const drop = (seq: number) => messages.delete(admin, chat.id, [{ rawId: '', key: { chatId: chat.id, seq } }]);

  expect(await firstOf(ada)).toBeNull();
  await say(ada, chat, 'my own');
  expect(await firstOf(ada)).toBeNull();
  const one = await say(bob, chat, 'one');
  const two = await say(bob, chat, 'two');
  const three = await say(bob, chat, 'three');
  expect(await firstOf(ada)).toEqual({ text: 'one', sender: bob.id });
  await drop(one);
  expect(await firstOf(ada)).toMatchObject({ text: 'two' });
  await readPositions.mark(ada, chat.id, two);
  expect(await firstOf(ada)).toMatchObject({ text: 'three' });
  await drop(three);
  expect(await firstOf(ada)).toBeNull();
  await say(bob, chat, 'four');
  await readPositions.mark(ada, chat.id, null);
  expect(await firstOf(ada)).toBeNull();
  expect(await firstOf(bob)).toMatchObject({ text: 'my own', sender: ada.id });
  expect(await firstOf(admin)).toBeNull();
});

it('members are counted as they are listed, deactivated ones too', async () => {
  const { chats, group, members } = await aNode();
  const [ada, bob, carol] = [await someone(), await someone(), await someone()];
  const { admin, chat } = await group(ada, bob);
  const countFor = async (viewer: Viewer) => chats.memberCount(viewer, chat.id);

  expect(await countFor(ada)).toBe(2);
  await members.add(admin, chat.id, carol.id);
  expect(await countFor(ada)).toBe(3);
  await deactivate(database.current, carol);
  expect(await countFor(ada)).toBe(3);
  await members.leave(bob, chat.id);
  expect(await countFor(admin)).toBe(2);
  expect(await countFor(bob)).toBe(0);
});

it('S1.12 messages come oldest first, deleted ones as tombstones, the newest 50 where nothing is said', async () => {
  const { chats, group, messages, say } = await aNode();
  const ada = await someone();
  const { chat } = await group(ada);
  for (let count = 1; count <= 60; count += 1) await say(ada, chat, String(count));
  await messages.delete(ada, chat.id, [{ rawId: '', key: { chatId: chat.id, seq: 2 } }]);
  const pageOf = async (args?: Parameters<typeof chats.messages>[2]) => {
    const page = await chats.messages(ada, chat.id, args);
    return { texts: page.edges.map(({ node }) => node.text), ...page.pageInfo };
  };

  const newest = await pageOf();
  const first = await pageOf({ first: 3 });
  const next = await pageOf({ first: 2, after: first.endCursor });
  const before = await pageOf({ last: 2, before: newest.startCursor });

  expect(newest.texts).toEqual(Array.from({ length: 50 }, (_, index) => String(index + 11)));
  expect(newest).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
  expect(first).toMatchObject({ texts: ['1', null, '3'], hasNextPage: true, hasPreviousPage: false });
  expect(next.texts).toEqual(['4', '5']);
  expect(before).toMatchObject({ texts: ['9', '10'], hasPreviousPage: true, hasNextPage: true });
  expect(await errorOf(pageOf({ first: 101 }))).toBeInstanceOf(BadUserInputError);
  expect(await errorOf(pageOf({ after: 'nonsense' }))).toBeInstanceOf(BadUserInputError);
});

it('a malformed page fails for those alone who ask for it', async () => {
  const { chats, group, say } = await aNode();
  const [ada, bob] = [await someone(), await someone()];
  const { chat } = await group(ada, bob);
  await say(ada, chat);

  const [wrong, right] = await Promise.allSettled([
    chats.messages(ada, chat.id, { after: 'nonsense' }),
    chats.messages(bob, chat.id, { last: 1 }),
  ]);

  expect(wrong).toMatchObject({ status: 'rejected', reason: expect.any(BadUserInputError) as unknown });
  expect(right).toMatchObject({ status: 'fulfilled', value: { edges: [{ node: { seq: 1 } }] } });
});

it('members come page by page, with who they are and how far they have read', async () => {
  const { chats, group, readPositions, say } = await aNode();
  const people = [await someone(), await someone(), await someone()];
  const { chat } = await group(...people);
  await say(people[0]!, chat);
  await readPositions.mark(people[1]!, chat.id, null);

  const first = await chats.members(people[0]!, chat.id, { first: 2 });
  const rest = await chats.members(people[0]!, chat.id, { after: first.pageInfo.endCursor });

  const members = [...first.edges, ...rest.edges].map(({ node }) => node);
  expect(members).toMatchObject(people.map(({ id }) => ({ chatId: chat.id, userId: id, user: { id } })));
  expect(members.map(({ lastReadSeq }) => lastReadSeq)).toEqual([0, 1, 0]);
});
