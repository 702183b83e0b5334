import { describe, expect, it } from 'vitest';
import { ChatClosedError, ForbiddenError, NotFoundError } from '../../../src/domain/errors.js';
import { chatNode, deactivate, errorOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);

const isMember = async (chat: { id: bigint }, person: { id: bigint }) =>
  (await database.current.query('SELECT 1 FROM member WHERE chat_id = $1 AND user_id = $2', [chat.id, person.id]))
    .length === 1;

describe('adding a member', () => {
  it('S1.3 S1.13 is for administrators; twice is once', async () => {
    const { chats, members, group, notifications } = await aNode();
    const [ada, bob, eve] = [await someone(), await someone(), await someone()];
    const { admin, chat } = await group(ada);

    const added = await members.add(admin, chat.id, bob.id);
    const again = await members.add(admin, chat.id, bob.id);

    expect(added).toMatchObject({ chat: { id: chat.id, headSeq: 1 }, user: { id: bob.id } });
    expect(again).toEqual(added);
    expect(await errorOf(members.add(ada, chat.id, eve.id))).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(members.add(eve, chat.id, eve.id))).toBeInstanceOf(NotFoundError);
    expect(await logOf(database.current, chat)).toMatchObject([
      { type: 'MEMBER_ADDED', actorId: admin.id, userId: bob.id, users: [{ id: admin.id }, { id: bob.id }] },
    ]);
    expect((await notifications.list(bob, true)).edges).toHaveLength(1);
    expect(await chats.find(bob, { id: chat.id })).not.toBeNull();
  });

  it('S1.13 makes one event of two administrators who add the same person at once', async () => {
    const [one, other] = [await aNode(), await aNode()];
    for (let round = 0; round < 10; round += 1) {
      const bob = await someone();
      const { admin, chat } = await one.group();
      const second = await newPerson(database.current, 'ADMIN');

      await Promise.all([one.members.add(admin, chat.id, bob.id), other.members.add(second, chat.id, bob.id)]);

      expect(typesOf(await logOf(database.current, chat))).toEqual(['MEMBER_ADDED']);
      expect((await one.notifications.list(bob, true)).edges).toHaveLength(1);
    }
  });

  it('starts the new member at the head, with nothing unread', async () => {
    const { chats, members, group, say, notifications } = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { admin, chat } = await group(ada);
    for (let count = 0; count < 3; count += 1) await say(ada, chat);

    const added = await members.add(admin, chat.id, bob.id);

    const member = await members.byKey(bob, { chatId: chat.id, userId: bob.id });
    expect(member).toMatchObject({ lastReadSeq: added.chat.headSeq, user: { id: bob.id } });
    expect(await chats.unreadTotal(bob)).toBe(0);
    expect((await notifications.list(bob, true)).edges.map(({ node }) => node.kind)).toEqual(['CHAT_ADDED']);
    await say(ada, chat);
    expect(await chats.unreadTotal(bob)).toBe(1);
  });

  it('refuses who is not there, who is deactivated, a closed chat, and kinds whose members never change', async () => {
    const { chats, members, group } = await aNode();
    const [ada, gone, eve] = [await someone(), await someone(), await someone()];
    const { admin, chat } = await group(ada);
    await deactivate(database.current, gone);
    const { chat: dialog } = await chats.openDirect(admin, ada.id);

    expect(await errorOf(members.add(admin, chat.id, 2n ** 62n))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(members.add(admin, chat.id, null))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(members.add(admin, null, eve.id))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(members.add(admin, chat.id, gone.id))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(members.add(admin, dialog.id, eve.id))).toBeInstanceOf(ForbiddenError);
    await chats.close(admin, chat.id);
    expect(await errorOf(members.add(admin, chat.id, eve.id))).toBeInstanceOf(ChatClosedError);
    expect(await logOf(database.current, dialog)).toEqual([]);
  });
});

describe('removing a member', () => {
  it('S1.14 is for administrators, also in a closed chat, and takes the chat from sight', async () => {
    const { chats, members, group, notifications } = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { admin, chat } = await group(ada, bob);
    await chats.close(admin, chat.id);

    expect(await errorOf(members.remove(ada, chat.id, bob.id))).toBeInstanceOf(ForbiddenError);
    const removed = await members.remove(admin, chat.id, bob.id);

    expect(removed).toMatchObject({ chat: { headSeq: 2 }, user: { id: bob.id } });
    expect(await errorOf(members.remove(admin, chat.id, bob.id))).toBeInstanceOf(NotFoundError);
    expect(await chats.find(bob, { id: chat.id })).toBeNull();
    expect((await notifications.list(bob, true)).edges[0]?.node).toMatchObject({
      kind: 'CHAT_REMOVED',
      chatId: chat.id,
    });
    expect((await logOf(database.current, chat)).at(-1)).toMatchObject({
      type: 'MEMBER_REMOVED',
      actorId: admin.id,
      userId: bob.id,
    });
  });

  it('S1.14 lets nothing that they send follow the removal', async () => {
    const { members, group, messages } = await aNode();
    const bob = await someone();
    for (let round = 0; round < 10; round += 1) {
      const { admin, chat } = await group(bob);
      const send = () => messages.send(bob, { chatId: chat.id, text: 'still here?' });

      const sends = Array.from({ length: 5 }, () => send());
      const removal = members.remove(admin, chat.id, bob.id);
      await new Promise(setImmediate);
      sends.push(...Array.from({ length: 5 }, () => send()));
      const results = await Promise.allSettled(sends);
      await removal;

      const log = await logOf(database.current, chat);
      expect(log.at(-1)?.type).toBe('MEMBER_REMOVED');
      const accepted = results.filter((result) => result.status === 'fulfilled');
      expect(accepted).toHaveLength(log.length - 1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(NotFoundError);
    }
  });

  it('makes one event of two removals at once', async () => {
    const { members, group } = await aNode();
    const bob = await someone();
    const { admin, chat } = await group(bob);

    const results = await Promise.allSettled([
      members.remove(admin, chat.id, bob.id),
      members.remove(admin, chat.id, bob.id),
    ]);

    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(typesOf(await logOf(database.current, chat))).toEqual(['MEMBER_REMOVED']);
  });

  it('counts anew for one who is added again', async () => {
    const { chats, members, group, say, readPositions } = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { admin, chat } = await group(ada, bob);
    await say(bob, chat);
    await say(ada, chat);
    await members.remove(admin, chat.id, bob.id);
    await say(ada, chat);
    await members.add(admin, chat.id, bob.id);

    expect(await chats.unreadTotal(bob)).toBe(0);
    await say(bob, chat);
    const seq = await say(ada, chat);
    await say(ada, chat);
    expect(await chats.unreadTotal(bob)).toBe(2);
    await readPositions.mark(bob, chat.id, seq);
    expect(await chats.unreadTotal(bob)).toBe(1);
  });
});

describe('leaving', () => {
  it('S1.4 C6 ends one’s own membership, which is told as their own doing', async () => {
    const { chats, members, group, notifications, hearAs } = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { admin, chat } = await group(ada, bob);
    const heard = await hearAs(bob);

    expect(await members.leave(bob, chat.id)).toBe(chat.id);

    expect(await isMember(chat, bob)).toBe(false);
    expect(await logOf(database.current, chat)).toMatchObject([
      { type: 'MEMBER_REMOVED', actorId: bob.id, userId: bob.id },
    ]);
    expect((await notifications.list(bob, true)).edges.map(({ node }) => node.kind)).toEqual(['CHAT_ADDED']);
    await expect.poll(() => heard).toEqual([String(chat.id)]);
    expect(await errorOf(members.leave(bob, chat.id))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(members.leave(admin, chat.id))).toBeInstanceOf(ForbiddenError);
    const { chat: dialog } = await chats.openDirect(ada, bob.id);
    expect(await errorOf(members.leave(ada, dialog.id))).toBeInstanceOf(ForbiddenError);
  });
});

it('finds members by their keys, only in chats that the viewer sees', async () => {
  const { members, group } = await aNode();
  const [ada, bob, eve] = [await someone(), await someone(), await someone()];
  const { admin, chat } = await group(ada, bob);
  const keys = [bob, eve, ada].map((person) => ({ chatId: chat.id, userId: person.id }));

  const idsFor = async (viewer: typeof ada) =>
    (await Promise.all(keys.map((key) => members.byKey(viewer, key)))).map((member) => member?.userId ?? null);

  expect(await idsFor(ada)).toEqual([bob.id, null, ada.id]);
  expect(await idsFor(admin)).toEqual([bob.id, null, ada.id]);
  expect(await idsFor(eve)).toEqual([null, null, null]);
});
