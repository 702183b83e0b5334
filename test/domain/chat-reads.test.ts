import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../src/domain/bad-user-input.js';
import type { Viewer } from '../../src/domain/viewer.js';
import { chatNode, counting, errorOf, newPerson, ownDatabase, type ChatNode } from '../support/chats.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);

/** Each batched read, as what it gives for one chat. */
const reads: Record<string, (node: ChatNode, viewer: Viewer, chatIds: bigint[]) => Promise<Map<bigint, unknown>>> = {
  visible: ({ chats }, viewer, chatIds) => chats.visible(viewer, chatIds),
  permissions: ({ chats }, viewer, chatIds) => chats.permissions(viewer, chatIds),
  lastMessages: ({ chats }, viewer, chatIds) => chats.lastMessages(viewer, chatIds),
  unreadCounts: ({ chats }, viewer, chatIds) => chats.unreadCounts(viewer, chatIds),
  members: async ({ chats }, viewer, chatIds) =>
    new Map([...(await chats.members(viewer, chatIds))].map(([id, { edges }]) => [id, edges.length])),
  messages: async ({ chats }, viewer, chatIds) =>
    new Map([...(await chats.messages(viewer, chatIds))].map(([id, { edges }]) => [id, edges.length])),
  pairs: async ({ chats }, viewer, chatIds) =>
    new Map([...(await chats.pairs(viewer, chatIds))].map(([id, pair]) => [id, pair.length])),
};

describe.each(Object.keys(reads))('%s', (name) => {
  const read = reads[name]!;

  it('costs one statement for any number of chats', async () => {
    const { db, count } = counting(database.current);
    const node = chatNode(db);
    const [ada, bob] = [await someone(), await someone()];
    const chatIds: bigint[] = [];
    for (let index = 0; index < 12; index += 1) {
      const { chat } = await node.group(ada, bob);
      await node.say(bob, chat);
      chatIds.push(chat.id);
    }

    for (const size of [1, 12]) {
      const before = count();
      const found = await read(node, ada, chatIds.slice(0, size));
      expect(count() - before).toBe(1);
      expect(found.size).toBe(size);
    }
  });

  it('gives nothing to one who is no member any more, nor to one who never was', async () => {
    const node = aNode();
    const [ada, bob, eve] = [await someone(), await someone(), await someone()];
    const { admin, chat } = await node.group(ada, bob);
    const { chat: dialog } = await node.chats.openDirect(ada, bob.id);
    for (const place of [chat, dialog]) await node.say(bob, place);
    await node.members.remove(admin, chat.id, ada.id);
    const nothing = {
      visible: undefined,
      permissions: { canSend: false, canDeleteOthers: false, canManageMembers: false },
      lastMessages: null,
      unreadCounts: 0,
      members: 0,
      messages: 0,
      pairs: 0,
    }[name];

    expect((await read(node, ada, [chat.id])).get(chat.id)).toEqual(nothing);
    expect((await read(node, eve, [chat.id, dialog.id, 2n ** 62n])).get(dialog.id)).toEqual(nothing);
    expect((await read(node, admin, [dialog.id])).get(dialog.id)).toEqual(nothing);
    expect((await read(node, ada, [dialog.id])).get(dialog.id)).not.toEqual(nothing);
  });
});

it('permissions say what the viewer may do there now', async () => {
  const { chats, members, group } = aNode();
  const ada = await someone();
  const { admin, chat } = await group(ada);
  const { chat: dialog } = await chats.openDirect(ada, admin.id);
  const permissionsOf = async (viewer: Viewer, { id }: { id: bigint }) =>
    (await chats.permissions(viewer, [id])).get(id);

  const member = { canSend: true, canDeleteOthers: false, canManageMembers: false };
  const administrator = { canSend: false, canDeleteOthers: true, canManageMembers: true };
  expect(await permissionsOf(ada, chat)).toEqual(member);
  expect(await permissionsOf(ada, dialog)).toEqual(member);
  expect(await permissionsOf(admin, dialog)).toEqual(member);
  expect(await permissionsOf(admin, chat)).toEqual(administrator);
  await members.add(admin, chat.id, admin.id);
  expect(await permissionsOf(admin, chat)).toEqual({ ...administrator, canSend: true });
  await chats.close(admin, chat.id);
  expect(await permissionsOf(ada, chat)).toEqual({ ...member, canSend: false });
});

it('the last message is the newest that is not deleted', async () => {
  const { chats, group, messages, say } = aNode();
  const ada = await someone();
  const { chat } = await group(ada);
  const lastOf = async () => (await chats.lastMessages(ada, [chat.id])).get(chat.id);

  expect(await lastOf()).toBeNull();
  await say(ada, chat, 'first');
  const seq = await say(ada, chat, 'second');
  expect(await lastOf()).toMatchObject({ text: 'second', sender: { id: ada.id } });
  await messages.delete(ada, chat.id, [{ rawId: '', key: { chatId: chat.id, seq } }]);
  expect(await lastOf()).toMatchObject({ text: 'first' });
});

it('S1.12 messages come oldest first, deleted ones as tombstones, the newest 50 where nothing is said', async () => {
  const { chats, group, messages, say } = aNode();
  const ada = await someone();
  const { chat } = await group(ada);
  for (let count = 1; count <= 60; count += 1) await say(ada, chat, String(count));
  await messages.delete(ada, chat.id, [{ rawId: '', key: { chatId: chat.id, seq: 2 } }]);
  const pageOf = async (args?: Parameters<typeof chats.messages>[2]) => {
    const page = (await chats.messages(ada, [chat.id], args)).get(chat.id)!;
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

it('members come page by page, with who they are and how far they have read', async () => {
  const { chats, group, readPositions, say } = aNode();
  const people = [await someone(), await someone(), await someone()];
  const { chat } = await group(...people);
  await say(people[0]!, chat);
  await readPositions.mark(people[1]!, chat.id, null);

  const first = (await chats.members(people[0]!, [chat.id], { first: 2 })).get(chat.id)!;
  const rest = (await chats.members(people[0]!, [chat.id], { after: first.pageInfo.endCursor })).get(chat.id)!;

  const members = [...first.edges, ...rest.edges].map(({ node }) => node);
  expect(members).toMatchObject(people.map(({ id }) => ({ chatId: chat.id, userId: id, user: { id } })));
  expect(members.map(({ lastReadSeq }) => lastReadSeq)).toEqual([0, 1, 0]);
});
