import { describe, expect, it } from 'vitest';
import type { InvalidInputError } from '../../../src/domain/errors.js';
import { ChatClosedError, ForbiddenError, NotFoundError, RateLimitedError } from '../../../src/domain/errors.js';
import type { GroupCreators } from '../../../src/domain/rules/policy.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import type { Role } from '../../../src/generated/prisma/enums.js';
import { chatNode, deactivate, errorOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = (role?: Role) => newPerson(database.current, role);

const aNode = (groupCreators: GroupCreators = 'everyone', settings = {}) =>
  chatNode(database.current, { settings: { groupCreators, ...settings } });

type Group = Awaited<ReturnType<typeof aGroup>>;

/** A group that Ada has made, with Bob and Eve in it. */
const aGroup = async () => {
  const node = await aNode();
  const [ada, bob, eve] = [await someone(), await someone(), await someone()];
  const chat = await node.chats.create(ada, { name: 'Chess', memberIds: [bob.id, eve.id] });
  return { ...node, chat, ada, bob, eve };
};

const rolesIn = async (chat: { id: bigint }, ...people: Viewer[]) => {
  const rows = await database.current.query<{ userId: bigint; role: string }>(
    'SELECT user_id AS "userId", role FROM member WHERE chat_id = $1',
    [chat.id],
  );
  const roles = new Map(rows.map(({ userId, role }) => [userId, role]));
  return people.map(({ id }) => roles.get(id) ?? null);
};

const eventsOf = async (chat: { id: bigint }) =>
  (await logOf(database.current, chat)).map(({ type, actorId, userId }) => [type, actorId, userId]);

describe('making a group', () => {
  it('T30 who makes one where everyone may is its owner; who makes one where administrators do is no member', async () => {
    const { chats } = await aNode('everyone');
    const [ada, bob, root] = [await someone(), await someone(), await someone('ADMIN')];

    const chat = await chats.create(ada, { name: 'Chess', memberIds: [bob.id, ada.id] });
    const theirs = await chats.create(root, { name: 'News', memberIds: [bob.id] });
    expect(await rolesIn(chat, ada, bob)).toEqual(['OWNER', 'MEMBER']);
    expect(await rolesIn(theirs, root, bob)).toEqual(['OWNER', 'MEMBER']);
    expect(await logOf(database.current, chat)).toEqual([]);

    const strict = await aNode('admins');
    const closed = await strict.chats.create(root, { name: 'Closed', memberIds: [bob.id] });
    expect(await rolesIn(closed, root, bob)).toEqual([null, 'MEMBER']);
  });

  it('T30 GROUP_CREATORS says who may', async () => {
    const [user, manager, admin] = [await someone(), await someone('MANAGER'), await someone('ADMIN')];
    const may = async (creators: GroupCreators) => {
      const { chats } = await aNode(creators);
      const tries = [user, manager, admin].map((viewer) => chats.create(viewer, { name: 'Chess', memberIds: [] }));
      return (await Promise.allSettled(tries)).map(({ status }) => status === 'fulfilled');
    };

    expect(await may('admins')).toEqual([false, false, true]);
    expect(await may('staff')).toEqual([false, true, true]);
    expect(await may('everyone')).toEqual([true, true, true]);
    const { chats } = await aNode('staff');
    expect(await errorOf(chats.create(user, { name: 'Chess', memberIds: [] }))).toBeInstanceOf(ForbiddenError);
  });

  it('T30 a user brings only those in whom they can find', async () => {
    const { chats, members } = await aNode('everyone', { userDirectory: 'shared' });
    const [ada, bob, stranger, root] = [await someone(), await someone(), await someone(), await someone('ADMIN')];
    await chats.create(root, { name: 'Both', memberIds: [ada.id, bob.id] });

    const chat = await chats.create(ada, { name: 'Chess', memberIds: [bob.id] });
    const made = chats.create(ada, { name: 'Chess', memberIds: [stranger.id] });
    expect(await errorOf(made)).toEqual(new NotFoundError('User'));
    expect(await errorOf(members.add(ada, chat.id, stranger.id))).toEqual(new NotFoundError('User'));
    await members.add(root, chat.id, stranger.id);
  });

  it('T30 GROUPS_PER_HOUR holds for users; what was refused otherwise does not count', async () => {
    const { chats } = await aNode('everyone', { groupsPerHour: 2 });
    const [ada, manager] = [await someone(), await someone('MANAGER')];
    const make = (viewer: Viewer, memberIds: bigint[] = []) => chats.create(viewer, { name: 'Chess', memberIds });

    expect(await errorOf(make(ada, [2n ** 62n]))).toEqual(new NotFoundError('User'));
    const made = await Promise.allSettled([make(ada), make(ada), make(ada), make(ada)]);
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await errorOf(make(ada))).toBeInstanceOf(RateLimitedError);
    for (let n = 0; n < 3; n += 1) await make(manager);
  });
});

describe('what a group is about', () => {
  it('T31 its description and access are set when it is made, and changed as its name is', async () => {
    const { chats, ada, chat } = await aGroup();
    const made = await chats.create(ada, {
      name: 'Chess',
      description: '  Every Friday\r\nat seven \n',
      access: 'OPEN',
      memberIds: [],
    });
    expect(made.access).toBe('OPEN');
    expect(await chats.description(ada, made.id)).toBe('Every Friday\nat seven');

    expect(chat.access).toBe('CLOSED');
    const updated = await chats.update(ada, { chatId: chat.id, description: 'Blitz', access: 'OPEN' });
    await chats.update(ada, { chatId: chat.id, description: 'Blitz', access: 'OPEN' });
    expect(updated).toMatchObject({ access: 'OPEN', name: 'Chess', headSeq: 1 });
    expect(await chats.description(ada, chat.id)).toBe('Blitz');
    await chats.update(ada, { chatId: chat.id, name: 'Go' });
    await chats.update(ada, { chatId: chat.id, description: null, access: 'CLOSED' });
    expect(await chats.description(ada, chat.id)).toBe(null);
    await chats.update(ada, { chatId: chat.id, description: '\u200b \n' });

    expect(typesOf(await logOf(database.current, chat))).toEqual(['CHAT_UPDATED', 'CHAT_UPDATED', 'CHAT_UPDATED']);
  });

  it('T31 a description has at most 1,000 characters, and none that turn others around', async () => {
    const { chats, ada, chat } = await aGroup();
    const describe = (description: string) => chats.update(ada, { chatId: chat.id, description });
    const problemOf = async (description: string) =>
      ((await errorOf(describe(description))) as InvalidInputError).fields[0];

    await describe(`${'😀'.repeat(1000)} `);
    expect(await problemOf('😀'.repeat(1001))).toMatchObject({ path: ['description'], code: 'TOO_LONG', limit: 1000 });
    for (const wrong of ['a\0', 'a\u202eb', '\ud800', 'a\tb'])
      expect(await problemOf(wrong)).toMatchObject({ path: ['description'], code: 'MALFORMED' });
  });

  it('T31 only groups are open', async () => {
    const { chats, ada, bob } = await aGroup();
    const root = await someone('ADMIN');
    const { chat } = await chats.openOrder(root, { orderRef: `order ${ada.id}`, memberIds: [bob.id] });

    expect(await errorOf(chats.update(root, { chatId: chat.id, access: 'OPEN' }))).toMatchObject({
      fields: [{ path: ['access'], code: 'NOT_ALLOWED' }],
    });
    await chats.update(root, { chatId: chat.id, access: 'CLOSED', description: 'About an order' });
  });
});

describe('roles', () => {
  it('T32 an owner makes moderators and owners; each change is an event of the log', async () => {
    const { members, chat, ada, bob } = await aGroup();

    const given = await members.setRole(ada, chat.id, bob.id, 'MODERATOR');
    await members.setRole(ada, chat.id, bob.id, 'MODERATOR');
    expect(given).toMatchObject({ chat: { headSeq: 1 }, member: { userId: bob.id, role: 'MODERATOR' } });
    await members.setRole(ada, chat.id, bob.id, 'OWNER');
    await members.setRole(bob, chat.id, ada.id, 'MEMBER');

    expect(await rolesIn(chat, ada, bob)).toEqual(['MEMBER', 'OWNER']);
    expect(await members.byKey(ada, { chatId: chat.id, userId: bob.id })).toMatchObject({ role: 'OWNER' });
    expect(await eventsOf(chat)).toEqual([
      ['MEMBER_UPDATED', ada.id, bob.id],
      ['MEMBER_UPDATED', ada.id, bob.id],
      ['MEMBER_UPDATED', bob.id, ada.id],
    ]);
  });

  it('T32 roles are changed by owners and administrators, in open groups, of members', async () => {
    const { chats, members, chat, ada, bob, eve } = await aGroup();
    const root = await someone('ADMIN');
    await members.setRole(root, chat.id, bob.id, 'MODERATOR');
    const set = (viewer: Viewer, userId: bigint | null) =>
      errorOf(members.setRole(viewer, chat.id, userId, 'MODERATOR'));

    for (const viewer of [bob, eve]) expect(await set(viewer, eve.id)).toBeInstanceOf(ForbiddenError);
    expect(await set(await someone('MANAGER'), eve.id)).toEqual(new NotFoundError('Chat'));
    for (const nobody of [root.id, null]) expect(await set(ada, nobody)).toEqual(new NotFoundError('Member'));
    const { chat: dialog } = await chats.openDirect(ada, bob.id);
    expect(await errorOf(members.setRole(ada, dialog.id, bob.id, 'OWNER'))).toBeInstanceOf(ForbiddenError);
    await chats.close(ada, chat.id);
    expect(await set(ada, eve.id)).toBeInstanceOf(ChatClosedError);
  });

  it('T32 a group keeps an owner who is active', async () => {
    const { members, chat, ada, bob, eve } = await aGroup();
    await deactivate(database.current, eve);
    const problem = async (work: Promise<unknown>) => ((await errorOf(work)) as InvalidInputError).fields[0]!.path;

    expect(await problem(members.setRole(ada, chat.id, ada.id, 'MEMBER'))).toEqual(['role']);
    expect(await problem(members.setRole(ada, chat.id, eve.id, 'OWNER'))).toEqual(['userId']);
    await members.setRole(ada, chat.id, bob.id, 'OWNER');
    // Of two who give it up at once, one stays.
    const both = await Promise.allSettled([ada, bob].map((one) => members.setRole(one, chat.id, one.id, 'MEMBER')));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await rolesIn(chat, ada, bob)).sort()).toEqual(['MEMBER', 'OWNER']);
  });

  it('T33 moderators manage the group as administrators do, but do not close it, nor remove owners', async () => {
    const { chats, members, pins, messages, say, chat, ada, bob, eve } = await aGroup();
    const newcomer = await someone();
    const seq = await say(eve, chat);
    const manage = async (viewer: Viewer) => {
      await chats.update(viewer, { chatId: chat.id, name: `Chess of ${viewer.id}` });
      await members.add(viewer, chat.id, newcomer.id);
      await pins.pin(viewer, { chatId: chat.id, seq });
      await messages.send(viewer, { chatId: chat.id, text: 'All', mentionsEveryone: true });
      await members.remove(viewer, chat.id, newcomer.id);
      await messages.delete(viewer, chat.id, [{ rawId: 'a', key: { chatId: chat.id, seq } }]);
    };

    expect(await errorOf(manage(bob))).toBeInstanceOf(ForbiddenError);
    await members.setRole(ada, chat.id, bob.id, 'MODERATOR');
    await manage(bob);
    expect(await errorOf(members.remove(bob, chat.id, ada.id))).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(chats.close(bob, chat.id))).toBeInstanceOf(ForbiddenError);
    expect(await chats.permissions(bob, chat.id)).toMatchObject({ canManageMembers: true, canClose: false });
    await chats.close(ada, chat.id);
    await chats.reopen(ada, chat.id);
  });

  it('T33 who was removed comes back as a member', async () => {
    const { members, chat, ada, bob } = await aGroup();
    await members.setRole(ada, chat.id, bob.id, 'MODERATOR');

    await members.remove(ada, chat.id, bob.id);
    await members.add(ada, chat.id, bob.id);

    expect(await rolesIn(chat, bob)).toEqual(['MEMBER']);
  });

  it('T33 EDITS_PER_MINUTE holds for what users manage', async () => {
    const { chats, members } = await aNode('everyone', { editsPerMinute: 2 });
    const [ada, bob] = [await someone(), await someone()];
    const chat = await chats.create(ada, { name: 'Chess', memberIds: [bob.id] });

    await members.setRole(ada, chat.id, bob.id, 'MODERATOR');
    await chats.update(ada, { chatId: chat.id, name: 'Go' });
    for (const work of [
      () => members.setRole(ada, chat.id, bob.id, 'MEMBER'),
      () => members.add(ada, chat.id, bob.id),
      () => members.remove(ada, chat.id, bob.id),
      () => chats.update(ada, { chatId: chat.id, name: 'Chess' }),
      () => chats.close(ada, chat.id),
      () => chats.reopen(ada, chat.id),
    ])
      expect(await errorOf(work())).toBeInstanceOf(RateLimitedError);
    await members.leave(ada, chat.id);
  });
});

describe('the last owner', () => {
  const heirOf = async ({ chat, ...group }: Group, prepare: (group: Group) => Promise<unknown> = async () => {}) => {
    await prepare({ chat, ...group });
    await group.members.leave(group.ada, chat.id);
    const [bob, eve] = await rolesIn(chat, group.bob, group.eve);
    return bob === 'OWNER' ? 'bob' : eve === 'OWNER' ? 'eve' : null;
  };

  it('T34 leaves the group to the oldest moderator, else to the oldest member', async () => {
    expect(await heirOf(await aGroup())).toBe('bob');
    const moderated = (group: Group) => group.members.setRole(group.ada, group.chat.id, group.eve.id, 'MODERATOR');
    expect(await heirOf(await aGroup(), moderated)).toBe('eve');
    const returned = async ({ members, ada, bob, chat }: Group) => {
      await members.remove(ada, chat.id, bob.id);
      await members.add(ada, chat.id, bob.id);
    };
    expect(await heirOf(await aGroup(), returned)).toBe('eve');
    expect(await heirOf(await aGroup(), ({ bob }) => deactivate(database.current, bob))).toBe('eve');
  });

  it('T34 the successor follows by itself, in the log, right after', async () => {
    const { members, chat, ada, bob, eve } = await aGroup();
    const root = await someone('ADMIN');

    await members.leave(ada, chat.id);
    await members.remove(root, chat.id, bob.id);
    await members.leave(eve, chat.id);

    expect(await eventsOf(chat)).toEqual([
      ['MEMBER_REMOVED', ada.id, ada.id],
      ['MEMBER_UPDATED', ada.id, bob.id],
      ['MEMBER_REMOVED', root.id, bob.id],
      ['MEMBER_UPDATED', root.id, eve.id],
      ['MEMBER_REMOVED', eve.id, eve.id],
    ]);
  });

  it('T34 nobody follows one of several owners, nor in a group that has none', async () => {
    const { members, chat, ada, bob, eve } = await aGroup();
    await members.setRole(ada, chat.id, eve.id, 'OWNER');
    await members.leave(ada, chat.id);
    expect(await rolesIn(chat, bob, eve)).toEqual(['MEMBER', 'OWNER']);

    const { chats, members: strict } = await aNode('admins');
    const closed = await chats.create(await someone('ADMIN'), { name: 'Closed', memberIds: [ada.id, bob.id] });
    await strict.leave(ada, closed.id);
    expect(await rolesIn(closed, bob)).toEqual(['MEMBER']);
  });

  it('T34 of owners who leave on two nodes at once, the last one has a successor', async () => {
    const other = await aNode();
    for (let round = 0; round < 5; round += 1) {
      const { members, chat, ada, bob, eve } = await aGroup();
      await members.setRole(ada, chat.id, bob.id, 'OWNER');

      await Promise.all([members.leave(ada, chat.id), other.members.leave(bob, chat.id)]);

      expect(await rolesIn(chat, ada, bob, eve)).toEqual([null, null, 'OWNER']);
      expect(typesOf(await logOf(database.current, chat)).slice(1)).toEqual([
        'MEMBER_REMOVED',
        'MEMBER_REMOVED',
        'MEMBER_UPDATED',
      ]);
    }
  });
});
