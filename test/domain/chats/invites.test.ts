import { describe, expect, it } from 'vitest';
import type { Database } from '../../../src/db/database.js';
import type { InvalidInputError } from '../../../src/domain/errors.js';
import { ChatClosedError, ForbiddenError, NotFoundError, RateLimitedError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, errorOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);
const aNode = (settings = {}, db = database.current) =>
  chatNode(db, { settings: { groupCreators: 'everyone', ...settings } });
const NO_INVITE = new NotFoundError('Invite');

const aGroup = async (settings = {}) => {
  const node = await aNode(settings);
  const [ada, bob] = [await someone(), await someone()];
  const chat = await node.chats.create(ada, { name: 'Chess', memberIds: [bob.id] });
  const invite = (rest: { maxUses?: number; expiresAt?: Date } = {}) =>
    node.invites.create(ada, { chatId: chat.id, ...rest });
  const usesOf = async (id: bigint) =>
    (await database.current.query<{ uses: number }>('SELECT uses FROM invite WHERE id = $1', [id]))[0]?.uses;
  return { ...node, ada, bob, chat, invite, usesOf };
};

const membersOf = async (chat: { id: bigint }) =>
  (await database.current.query('SELECT FROM member WHERE chat_id = $1', [chat.id])).length;

const expired = async (id: bigint) => {
  await database.current.query(`UPDATE invite SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);
};

describe('making an invite', () => {
  it('T37 is for owners, moderators and administrators: a code of 128 bits, and a link', async () => {
    const { invites, members, chats, ada, bob, chat } = await aGroup({ publicUrl: 'https://chat.example.org' });
    const root = await newPerson(database.current, 'ADMIN');
    const create = (viewer: Viewer) => invites.create(viewer, { chatId: chat.id });

    expect(await errorOf(create(bob))).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(create(await someone()))).toEqual(new NotFoundError('Chat'));
    await members.setRole(ada, chat.id, bob.id, 'MODERATOR');
    const made = [await create(ada), await create(bob), await create(root)];
    for (const { code } of made) expect(Buffer.from(code, 'base64url')).toHaveLength(16);
    expect(new Set(made.map(({ code }) => code)).size).toBe(3);
    expect(made[0]).toMatchObject({ chatId: chat.id, createdById: ada.id, maxUses: null, expiresAt: null, uses: 0 });
    expect(invites.urlOf(made[0]!)).toBe(`https://chat.example.org/invite/${made[0]!.code}`);
    expect((await aNode()).invites.urlOf({ code: 'a' })).toBe('/invite/a');
    expect((await chats.permissions(bob, chat.id)).canInvite).toBe(true);
    expect(typesOf(await logOf(database.current, chat))).toEqual(['MEMBER_UPDATED']);

    await chats.close(ada, chat.id);
    expect(await errorOf(create(ada))).toBeInstanceOf(ChatClosedError);
    const { chat: dialog } = await chats.openDirect(ada, bob.id);
    expect(await errorOf(invites.create(ada, { chatId: dialog.id }))).toBeInstanceOf(ForbiddenError);
  });

  it('T37 has bounds: 1 to 10,000 uses, an end in the future', async () => {
    const { invite } = await aGroup();
    const pathOf = async (work: Promise<unknown>) => ((await errorOf(work)) as InvalidInputError).fields[0];

    for (const maxUses of [0, -1, 10_001])
      expect(await pathOf(invite({ maxUses }))).toMatchObject({ path: ['maxUses'], code: 'OUT_OF_RANGE' });
    expect(await pathOf(invite({ expiresAt: new Date(Date.now() - 1) }))).toMatchObject({
      path: ['expiresAt'],
      code: 'OUT_OF_RANGE',
    });
    expect(await invite({ maxUses: 10_000, expiresAt: new Date(Date.now() + 60_000) })).toMatchObject({
      maxUses: 10_000,
    });
  });

  it('T37 at most a hundred can be used at a time, however many are made at once; few of the others are kept', async () => {
    const { invites, chat } = await aGroup();
    const other = await aNode();
    // Nothing else bounds what administrators make.
    const root = await newPerson(database.current, 'ADMIN');
    const invite = () => invites.create(root, { chatId: chat.id });
    for (let n = 0; n < 97; n += 1) await invite();

    const tries = [invites, other.invites, invites, other.invites, invites, other.invites];
    const made = await Promise.allSettled(tries.map((on) => on.create(root, { chatId: chat.id })));

    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await errorOf(invite())).toMatchObject({ fields: [{ path: ['chatId'], code: 'TOO_MANY', limit: 100 }] });
    const live = (await invites.list(root, chat.id))!;
    expect(live).toHaveLength(100);
    for (const { id } of live) await invites.revoke(root, id);
    for (let n = 0; n < 5; n += 1) await invites.revoke(root, (await invite()).id);
    await invite();
    const kept = await database.current.query('SELECT FROM invite WHERE chat_id = $1', [chat.id]);
    expect(kept).toHaveLength(101);
  });

  it('T37 sixty a minute', async () => {
    const { invite, invites, ada } = await aGroup();
    for (let n = 0; n < 60; n += 1) await invites.revoke(ada, (await invite()).id);
    expect(await errorOf(invite())).toBeInstanceOf(RateLimitedError);
  });
});

describe('accepting an invite', () => {
  it('T38 makes one a member and counts; members, and those who repeat it, do not count', async () => {
    const { invites, invite, usesOf, ada, bob, chat, hearAs } = await aGroup();
    const { id, code } = await invite({ maxUses: 1 });
    const eve = await someone();
    const heard = await hearAs(eve);

    await invites.accept(bob, code);
    await invites.accept(ada, code);
    const joined = await invites.accept(eve, code);
    await invites.accept(eve, code);

    expect(joined).toMatchObject({ id: chat.id, headSeq: 1 });
    expect(await logOf(database.current, chat)).toMatchObject([
      { type: 'MEMBER_ADDED', actorId: eve.id, userId: eve.id },
    ]);
    expect(await usesOf(id)).toBe(1);
    expect(heard).toEqual([String(chat.id)]);
    expect(await errorOf(invites.accept(await someone(), code))).toEqual(NO_INVITE);
  });

  it('T38 of fifty people at once on two nodes, exactly as many join as there are uses', async () => {
    const { invites, invite, usesOf, chat } = await aGroup();
    const other = await aNode();
    const { id, code } = await invite({ maxUses: 10 });
    const people = await Promise.all(Array.from({ length: 50 }, someone));

    const answers = await Promise.allSettled(
      people.map((person, n) => (n % 2 === 0 ? invites : other.invites).accept(person, code)),
    );

    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(40);
    for (const { reason } of refused) expect(reason).toEqual(NO_INVITE);
    expect(await usesOf(id)).toBe(10);
    expect(await membersOf(chat)).toBe(12);
    expect(await logOf(database.current, chat)).toHaveLength(10);
  });

  it('T38 of one person many times at once, one counts', async () => {
    const { invites, invite, usesOf, chat } = await aGroup();
    const other = await aNode();
    const { id, code } = await invite({ maxUses: 5 });
    const eve = await someone();

    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? invites : other.invites).accept(eve, code)));

    expect(await usesOf(id)).toBe(1);
    expect(await membersOf(chat)).toBe(3);
  });

  it('T38 what dies before it is committed leaves neither a member nor a use', async () => {
    const { invite, usesOf, chat } = await aGroup();
    const { id, code } = await invite({ maxUses: 1 });
    const { current: db } = database;
    let deaths = 0;
    const dying: Database = {
      ...db,
      transaction: (work) =>
        db.transaction(async (tx) => {
          await work(tx);
          deaths += 1;
          throw new Error('The node is gone');
        }),
    };
    const { invites } = await aNode({}, dying);
    const eve = await someone();

    expect(await errorOf(invites.accept(eve, code))).toEqual(new Error('The node is gone'));
    expect(deaths).toBe(1);
    expect(await usesOf(id)).toBe(0);
    expect(await membersOf(chat)).toBe(2);
    const alive = await aNode();
    await alive.invites.accept(eve, code);
    expect(await usesOf(id)).toBe(1);
  });

  it('T38 a code that is unknown, used up, expired or revoked leads nowhere, and nobody learns which', async () => {
    const { invites, invite, chats, ada } = await aGroup();
    const [used, old, revoked, good] = [await invite({ maxUses: 1 }), await invite(), await invite(), await invite()];
    await invites.accept(await someone(), used.code);
    await expired(old.id);
    await invites.revoke(ada, revoked.id);
    const eve = await someone();

    const codes = [used, old, revoked].map(({ code }) => code);
    for (const code of [...codes, 'A'.repeat(22), '', `${good.code}=`, good.code.toLowerCase() + '\0']) {
      expect(await errorOf(invites.accept(eve, code))).toEqual(NO_INVITE);
      expect(await invites.preview(code, null)).toBe(null);
    }
    await chats.close(ada, good.chatId);
    expect(await errorOf(invites.accept(eve, good.code))).toBeInstanceOf(ChatClosedError);
    expect(await invites.preview(good.code, null)).toBe(null);
    await chats.reopen(ada, good.chatId);
    await invites.accept(eve, good.code);
  });

  it('T38 JOINS_PER_MINUTE holds', async () => {
    const { invite, invites, chats, members, ada } = await aGroup({ joinsPerMinute: 2 });
    const other = await chats.create(ada, { name: 'Open', access: 'OPEN', memberIds: [] });
    const third = await chats.create(ada, { name: 'Third', memberIds: [] });
    const [one, more] = [await invite(), await invites.create(ada, { chatId: third.id, maxUses: 1 })];
    const eve = await someone();

    await invites.accept(eve, one.code);
    await invites.accept(eve, one.code);
    await members.join(eve, other.id);
    expect(await errorOf(invites.accept(eve, more.code))).toBeInstanceOf(RateLimitedError);
    await invites.accept(await someone(), more.code);
  });

  it('T38 who was removed may come back by it, as a member', async () => {
    const { invites, invite, members, ada, bob, chat } = await aGroup();
    await members.setRole(ada, chat.id, bob.id, 'MODERATOR');
    await members.remove(ada, chat.id, bob.id);

    await invites.accept(bob, (await invite()).code);

    expect(await members.byKey(bob, { chatId: chat.id, userId: bob.id })).toMatchObject({ role: 'MEMBER' });
  });
});

describe('seeing invites', () => {
  it('T39 those who may invite see those that can be used, newest first; nobody else sees any', async () => {
    const { invites, invite, ada, bob, chat } = await aGroup();
    const root = await newPerson(database.current, 'ADMIN');
    expect(await invites.list(ada, chat.id)).toEqual([]);
    const [one, old, two] = [await invite(), await invite(), await invite()];
    await expired(old.id);

    for (const viewer of [ada, root]) {
      expect(await invites.list(viewer, chat.id)).toEqual([two, one]);
      expect(await invites.byId(viewer, one.id)).toEqual(one);
      expect(await invites.byId(viewer, old.id)).toBe(null);
    }
    for (const viewer of [bob, await someone()]) {
      expect(await invites.list(viewer, chat.id)).toBe(null);
      expect(await invites.byId(viewer, one.id)).toBe(null);
    }
  });

  it('T39 the lists of many chats are one statement', async () => {
    const { chats, ada, chat, invite } = await aGroup();
    const more = await chats.create(ada, { name: 'Go', memberIds: [] });
    const one = await invite();
    const { db, count } = counting(database.current);
    const { invites } = await aNode({}, db);
    const before = count();

    expect(await Promise.all([chat, more, { id: 2n ** 62n }].map(({ id }) => invites.list(ada, id)))).toEqual([
      [one],
      [],
      null,
    ]);
    expect(count() - before).toBe(1);
  });

  it('T39 revoking is for those who may invite, and idempotent', async () => {
    const { invites, invite, ada, bob } = await aGroup();
    const { id, code } = await invite();

    expect(await errorOf(invites.revoke(bob, id))).toBeInstanceOf(ForbiddenError);
    for (const nobodys of [2n ** 62n, null]) expect(await errorOf(invites.revoke(ada, nobodys))).toEqual(NO_INVITE);
    expect(await errorOf(invites.revoke(await someone(), id))).toEqual(NO_INVITE);
    expect(await invites.preview(code, null)).not.toBe(null);
    expect([await invites.revoke(ada, id), await invites.revoke(ada, id)]).toEqual([id, id]);
    expect(await invites.preview(code, null)).toBe(null);
  });

  it('T39 whoever has the code learns the name, the size and who invites, without signing in', async () => {
    const { invites, invite, ada } = await aGroup();
    const expiresAt = new Date(Date.now() + 60_000);

    expect(await invites.preview((await invite({ expiresAt })).code, '192.0.2.1')).toEqual({
      chatName: 'Chess',
      memberCount: 2,
      createdById: ada.id,
      expiresAt,
    });
  });

  it('T39 three hundred looks a minute from one address', async () => {
    const { invites } = await aNode();
    for (let n = 0; n < 300; n += 1) await invites.preview('guess', '192.0.2.2');
    expect(await errorOf(invites.preview('guess', '192.0.2.2'))).toBeInstanceOf(RateLimitedError);
    expect(await invites.preview('guess', '192.0.2.3')).toBe(null);
  });
});
