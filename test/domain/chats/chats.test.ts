import { describe, expect, it } from 'vitest';
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
} from '../../../src/domain/errors.js';
import { canSee } from '../../../src/domain/rules/policy.js';
import { ChatKind, Role } from '../../../src/generated/prisma/enums.js';
import { chatNode, deactivate, errorOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = (...options: Parameters<typeof chatNode> extends [unknown, ...infer Rest] ? Rest : never) =>
  chatNode(database.current, ...options);
const someone = () => newPerson(database.current);
const anAdmin = () => newPerson(database.current, 'ADMIN');

describe('making a group', () => {
  it('S1.3 S1.5 is for administrators, who are no members of it themselves', async () => {
    const { chats } = await aNode();
    const [admin, ada, bob] = [await anAdmin(), await someone(), await someone()];

    const chat = await chats.create(admin, { name: '  Room 1 ', slug: 'room-1', memberIds: [ada.id, bob.id, ada.id] });

    expect(chat).toMatchObject({ kind: 'GROUP', name: 'Room 1', slug: 'room-1', headSeq: 0, closedAt: null });
    const members = await chats.members(admin, chat.id);
    expect(members.edges.map(({ node }) => node.userId)).toEqual([ada.id, bob.id]);
    expect(await logOf(database.current, chat)).toEqual([]);
    expect(await errorOf(chats.create(ada, { name: 'Mine', memberIds: [] }))).toBeInstanceOf(ForbiddenError);
  });

  it('tells the new members, and not the administrator who is one of them', async () => {
    const { chats, notifications, hearAs } = await aNode();
    const [admin, ada] = [await anAdmin(), await someone()];
    const heard = await hearAs(ada);

    const chat = await chats.create(admin, { name: 'Room', memberIds: [ada.id, admin.id] });

    const told = await notifications.list(ada, true);
    expect(told.edges.map(({ node }) => node)).toMatchObject([
      { kind: 'CHAT_ADDED', chatId: chat.id, sender: { id: admin.id }, readAt: null, unreadCount: 0, message: null },
    ]);
    expect((await notifications.list(admin, true)).edges).toEqual([]);
    await expect.poll(() => heard).toEqual([String(chat.id)]);
  });

  it('S2.20 names everything that is wrong with the input at once', async () => {
    const { chats } = await aNode();
    const memberIds = Array.from({ length: 1001 }, (_, index) => BigInt(index + 1));

    const error = await errorOf(chats.create(await anAdmin(), { name: ' ', slug: 'No!', memberIds }));

    expect(error).toMatchObject({ fields: [{ path: ['name'] }, { path: ['slug'] }, { path: ['memberIds'] }] });
  });

  it.each(['unknown', 'undecodable', 'deactivated'])('leaves nothing behind where a member is %s', async (what) => {
    const { chats } = await aNode();
    const admin = await anAdmin();
    const gone = await someone();
    await deactivate(database.current, gone);
    const id = what === 'unknown' ? 2n ** 62n : what === 'deactivated' ? gone.id : null;
    const slug = `left-${what}`;

    expect(await errorOf(chats.create(admin, { name: 'Room', slug, memberIds: [id] }))).toBeInstanceOf(NotFoundError);

    expect(await chats.find(admin, { slug })).toBeNull();
    expect(await chats.create(admin, { name: 'Room', slug, memberIds: [] })).toMatchObject({ slug });
  });

  it('gives a slug to one of two administrators who ask for it at once', async () => {
    const { chats } = await aNode();
    const [one, other] = [await anAdmin(), await anAdmin()];

    const made = await Promise.allSettled([
      chats.create(one, { name: 'One', slug: 'wanted', memberIds: [] }),
      chats.create(other, { name: 'Other', slug: 'wanted', memberIds: [] }),
    ]);

    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refusal = made.find((result) => result.status === 'rejected')!;
    expect(refusal.reason).toMatchObject({ fields: [{ path: ['slug'] }] });
  });
});

describe('changing a chat', () => {
  it('keeps what is absent, clears the slug by null, and tells the log', async () => {
    const { chats } = await aNode();
    const admin = await anAdmin();
    const { id: chatId } = await chats.create(admin, { name: 'Before', slug: 'before', memberIds: [] });

    expect(await chats.update(admin, { chatId, name: 'After' })).toMatchObject({
      name: 'After',
      slug: 'before',
      headSeq: 1,
    });
    expect(await chats.update(admin, { chatId, slug: null })).toMatchObject({ name: 'After', slug: null, headSeq: 2 });
    expect(await chats.find(admin, { slug: 'before' })).toBeNull();
    expect(await chats.find(admin, { id: chatId })).toMatchObject({ name: 'After', slug: null });
    expect(typesOf(await logOf(database.current, { id: chatId }))).toEqual(['CHAT_UPDATED', 'CHAT_UPDATED']);
  });

  it('takes no number where nothing changes', async () => {
    const { chats } = await aNode();
    const admin = await anAdmin();
    const { id: chatId } = await chats.create(admin, { name: 'Same', slug: 'same', memberIds: [] });

    expect(await chats.update(admin, { chatId })).toMatchObject({ headSeq: 0 });
    expect(await chats.update(admin, { chatId, name: ' Same ', slug: 'same' })).toMatchObject({ headSeq: 0 });
  });

  it('moves a slug to another chat once it is free, and refuses it before', async () => {
    const { chats } = await aNode();
    const admin = await anAdmin();
    const first = await chats.create(admin, { name: 'First', slug: 'moving', memberIds: [] });
    const second = await chats.create(admin, { name: 'Second', memberIds: [] });

    const refusal = await errorOf(chats.update(admin, { chatId: second.id, name: 'Changed', slug: 'moving' }));
    await chats.update(admin, { chatId: first.id, slug: 'moved' });
    await chats.update(admin, { chatId: second.id, slug: 'moving' });

    expect(refusal).toMatchObject({ fields: [{ path: ['slug'] }] });
    expect(await chats.find(admin, { slug: 'moving' })).toMatchObject({ id: second.id, name: 'Second' });
    expect(await chats.find(admin, { slug: 'moved' })).toMatchObject({ id: first.id });
  });

  it('refuses, in this order: input, a chat not seen, one without the right, a closed chat', async () => {
    const { chats, group } = await aNode();
    const [ada, eve] = [await someone(), await someone()];
    const { admin, chat } = await group(ada);
    await chats.close(admin, chat.id);

    expect(await errorOf(chats.update(eve, { chatId: chat.id, name: null }))).toBeInstanceOf(InvalidInputError);
    expect(await errorOf(chats.update(eve, { chatId: chat.id, name: 'x' }))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(chats.update(admin, { chatId: null, name: 'x' }))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(chats.update(admin, { chatId: 2n ** 62n, name: 'x' }))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(chats.update(ada, { chatId: chat.id, name: 'x' }))).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(chats.update(admin, { chatId: chat.id, name: 'x' }))).toBeInstanceOf(ChatClosedError);
  });

  it('closes and reopens, each once however often it is asked', async () => {
    const { chats, group } = await aNode();
    const ada = await someone();
    const { admin, chat } = await group(ada);

    const [closed, again] = await Promise.all([chats.close(admin, chat.id), chats.close(admin, chat.id)]);
    expect(closed.closedAt).toBeInstanceOf(Date);
    expect(again.closedAt).toEqual(closed.closedAt);
    expect(await errorOf(chats.reopen(ada, chat.id))).toBeInstanceOf(ForbiddenError);
    expect(await chats.reopen(admin, chat.id)).toMatchObject({ closedAt: null, headSeq: 2 });
    expect(await chats.reopen(admin, chat.id)).toMatchObject({ closedAt: null, headSeq: 2 });

    expect(typesOf(await logOf(database.current, chat))).toEqual(['CHAT_UPDATED', 'CHAT_UPDATED']);
  });

  it('goes by the role that the database knows, not by the one that the viewer came with', async () => {
    const { chats, group } = await aNode();
    const { admin, chat } = await group(await someone());
    await database.current.query(`UPDATE "user" SET role = 'USER' WHERE id = $1`, [admin.id]);

    expect(await errorOf(chats.update(admin, { chatId: chat.id, name: 'Mine' }))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(chats.create(admin, { name: 'Mine', memberIds: [] }))).toBeInstanceOf(ForbiddenError);
  });
});

describe('a dialog', () => {
  it('S4.7 is one for each pair, from whichever side', async () => {
    const { chats } = await aNode();
    const [ada, bob, eve] = [await someone(), await someone(), await someone()];

    const opened = await chats.openDirect(ada, bob.id);
    const found = await chats.openDirect(bob, ada.id);
    const other = await chats.openDirect(ada, eve.id);

    expect(opened).toMatchObject({ created: true, chat: { kind: 'DIRECT', name: null, headSeq: 0 } });
    expect(found).toEqual({ created: false, chat: opened.chat });
    expect(other.chat.id).not.toBe(opened.chat.id);
  });

  it('S4.7 is one, opened from both sides on two nodes at once', async () => {
    const [one, other] = [await aNode(), await aNode()];
    for (let round = 0; round < 10; round += 1) {
      const [ada, bob] = [await someone(), await someone()];

      const opened = await Promise.all([one.chats.openDirect(ada, bob.id), other.chats.openDirect(bob, ada.id)]);

      expect(opened[0].chat.id).toBe(opened[1].chat.id);
      expect(opened.map(({ created }) => created).sort()).toEqual([false, true]);
      expect((await one.chats.list(ada, { scope: 'MINE' })).edges).toHaveLength(1);
    }
  });

  it('is with another, active user', async () => {
    const { chats } = await aNode();
    const [ada, gone] = [await someone(), await someone()];
    await deactivate(database.current, gone);

    expect(await errorOf(chats.openDirect(ada, ada.id))).toMatchObject({ fields: [{ path: ['userId'] }] });
    expect(await errorOf(chats.openDirect(ada, gone.id))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(chats.openDirect(ada, 2n ** 62n))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(chats.openDirect(ada, null))).toBeInstanceOf(NotFoundError);
  });

  it('is found with one who was deactivated since, and written in', async () => {
    const { chats, say } = await aNode();
    const [ada, gone] = [await someone(), await someone()];
    const { chat } = await chats.openDirect(ada, gone.id);
    await deactivate(database.current, gone);

    expect(await chats.openDirect(ada, gone.id)).toMatchObject({ chat: { id: chat.id }, created: false });
    expect(await say(ada, chat)).toBe(1);
  });

  it('counts for the limit only where it is new', async () => {
    const { chats } = await aNode({ settings: { directChatsPerMinute: 1 } });
    const [ada, bob, eve] = [await someone(), await someone(), await someone()];

    await chats.openDirect(ada, bob.id);
    await chats.openDirect(ada, bob.id);

    expect(await errorOf(chats.openDirect(ada, eve.id))).toBeInstanceOf(RateLimitedError);
    expect(await chats.openDirect(ada, bob.id)).toMatchObject({ created: false });
    expect(await chats.openDirect(eve, ada.id)).toMatchObject({ created: true });
  });

  it('tells the other side, and is no business of an administrator', async () => {
    const { chats, notifications } = await aNode();
    const [ada, bob, admin] = [await someone(), await someone(), await anAdmin()];

    const { chat } = await chats.openDirect(ada, bob.id);

    expect((await notifications.list(bob, true)).edges[0]?.node).toMatchObject({ kind: 'CHAT_ADDED', chatId: chat.id });
    expect((await notifications.list(ada, true)).edges).toEqual([]);
    expect(await chats.find(admin, { id: chat.id })).toBeNull();
    expect(await errorOf(chats.close(admin, chat.id))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(chats.close(ada, chat.id))).toBeInstanceOf(ForbiddenError);
    expect((await chats.pair(ada, chat.id)).map(({ id }) => id).sort()).toEqual([ada.id, bob.id].sort());
  });
});

describe('finding chats', () => {
  it('finds by id and by slug what the viewer may see, and nothing else', async () => {
    const { chats } = await aNode();
    const [admin, ada, eve] = [await anAdmin(), await someone(), await someone()];
    const chat = await chats.create(admin, { name: 'Findable', slug: 'findable', memberIds: [ada.id] });

    for (const viewer of [admin, ada]) {
      expect(await chats.find(viewer, { slug: 'findable' })).toEqual(chat);
      expect(await chats.find(viewer, { id: chat.id })).toEqual(chat);
    }
    expect(await chats.find(eve, { slug: 'findable' })).toBeNull();
    expect(await chats.find(eve, { id: chat.id })).toBeNull();
    for (const slug of ['nothing', 'no\0slug', '\ud800']) expect(await chats.find(ada, { slug })).toBeNull();
    for (const orderRef of ['nothing', 'no\0reference', '\ud800'])
      expect(await chats.find(ada, { orderRef })).toBeNull();
  });

  it('sees in SQL exactly what the policy says, for every kind, role and membership', async () => {
    const { chats } = await aNode();
    for (const kind of Object.values(ChatKind)) {
      const [row] = await database.current.query<{ id: bigint }>(
        `INSERT INTO chat (kind, head_mark) VALUES ($1::chat_kind, 0) RETURNING id`,
        [kind],
      );
      for (const role of Object.values(Role)) {
        for (const isMember of [true, false]) {
          const viewer = await newPerson(database.current, role);
          if (isMember) {
            await database.current.query(
              'INSERT INTO member (chat_id, user_id, last_read_seq, read_count) VALUES ($1, $2, 0, 0)',
              [row!.id, viewer.id],
            );
          }
          const isSeen = (await chats.find(viewer, { id: row!.id })) !== null;
          expect([kind, role, isMember, isSeen]).toEqual([
            kind,
            role,
            isMember,
            canSee(
              { id: viewer.id, role, isMember, isPresent: false },
              { kind, closedAt: null, hasBusiness: false, isBlocked: false },
            ),
          ]);
        }
      }
    }
  });
});

describe('who may open dialogs', () => {
  it('C7 is set to everyone, staff or nobody; existing direct chats keep working', async () => {
    const [ada, bob, manager] = [await someone(), await someone(), await newPerson(database.current, 'MANAGER')];
    const [everyone, staff, nobody] = await Promise.all(
      (['everyone', 'staff', 'off'] as const).map((directChats) => aNode({ settings: { directChats } })),
    );

    expect(await errorOf(staff!.chats.openDirect(ada, bob.id))).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(nobody!.chats.openDirect(manager, ada.id))).toBeInstanceOf(ForbiddenError);
    expect(await staff!.chats.openDirect(manager, ada.id)).toMatchObject({ created: true });
    const { chat } = await everyone!.chats.openDirect(ada, bob.id);

    expect(await nobody!.chats.openDirect(bob, ada.id)).toEqual({ chat, created: false });
    expect(await nobody!.say(bob, chat)).toBe(1);
  });
});

describe('the list of chats', () => {
  it('S1.11 has the one with the newest message first, page by page, and moves for nothing else', async () => {
    const { chats, members, say } = await aNode();
    const [admin, ada, bob] = [await anAdmin(), await someone(), await someone()];
    const made = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) made.push(await chats.create(admin, { name, memberIds: [ada.id] }));
    await say(ada, made[1]!);
    await members.add(admin, made[0]!.id, bob.id);
    await chats.update(admin, { chatId: made[2]!.id, name: 'c' });

    const first = await chats.list(ada, { scope: 'MINE' }, { first: 2 });
    const rest = await chats.list(ada, { scope: 'ALL' }, { first: 10, after: first.pageInfo.endCursor });

    const names = [...first.edges, ...rest.edges].map(({ node }) => node.name);
    expect(names).toEqual(['b', 'e', 'd', 'c', 'a']);
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('S3.18 shows an administrator all chats but other people’s dialogs, the newest made first, and by kind', async () => {
    const { chats, group, say } = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const older = await group(ada);
    const newer = await group(bob);
    const { chat: dialog } = await chats.openDirect(ada, bob.id);
    const { chat: own } = await chats.openDirect(older.admin, ada.id);
    await say(ada, older.chat);

    const all = await chats.list(older.admin, { scope: 'ALL' }, { first: 3 });
    const dialogs = await chats.list(ada, { scope: 'MINE', kind: 'DIRECT' });

    expect(all.edges.map(({ node }) => node.id)).toEqual([own.id, newer.chat.id, older.chat.id]);
    expect(dialogs.edges.map(({ node }) => node.id)).toEqual([own.id, dialog.id]);
  });
});
