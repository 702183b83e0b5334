import { expect, it } from 'vitest';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, errorOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

const PLAIN = {
  isMuted: false,
  mutedUntil: null,
  isPinned: false,
  isArchived: false,
  isMarkedUnread: false,
  notifyAbout: 'EVERYTHING',
};

const aGroup = async () => {
  const node = await chatNode(database.current);
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob);
  const set = (change: Parameters<typeof node.chatSettings.update>[2], person = ada) =>
    node.chatSettings.update(person, chat.id, change);
  const settingsOf = (person: Viewer) => node.chatSettings.read(person, chat.id);
  const listOf = async (person: Viewer, list = {}) =>
    (await node.chats.list(person, { scope: 'MINE', ...list })).edges.map(({ node: { id } }) => id);
  return { ...node, ada, bob, admin, chat, set, settingsOf, listOf };
};

const inAnHour = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);

it('T20 are a member’s own, and what is absent stays', async () => {
  const { ada, bob, admin, set, settingsOf } = await aGroup();
  const until = inAnHour();

  expect(await settingsOf(ada)).toEqual(PLAIN);
  await set({ isPinned: true, notifyAbout: 'MENTIONS' });
  await set({ mutedUntil: until });
  await set({ isMarkedUnread: true, isPinned: null });

  const changed = { ...PLAIN, isMuted: true, mutedUntil: until, isPinned: true, isMarkedUnread: true };
  expect(await settingsOf(ada)).toEqual({ ...changed, notifyAbout: 'MENTIONS' });
  expect([await settingsOf(bob), await settingsOf(admin), await settingsOf(await someone())]).toEqual([
    PLAIN,
    null,
    null,
  ]);
  await set({ isMuted: true });
  expect(await settingsOf(ada)).toMatchObject({ isMuted: true, mutedUntil: null });
  await set({ isMuted: false });
  expect(await settingsOf(ada)).toMatchObject({ isMuted: false, mutedUntil: null });
});

it('T20 are refused to who is no member, and where they make no sense', async () => {
  const { ada, admin, set } = await aGroup();

  expect(await errorOf(set({ isMuted: true }, admin))).toBeInstanceOf(ForbiddenError);
  expect(await errorOf(set({ isMuted: true }, await someone()))).toEqual(new NotFoundError('Chat'));
  for (const change of [{ mutedUntil: new Date(0) }, { isMuted: false, mutedUntil: inAnHour() }]) {
    const error = await errorOf(set(change, ada));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ fields: [{ path: ['mutedUntil'] }] });
  }
});

it('T21 a muted chat is muted until its time', async () => {
  const { ada, chat, set, settingsOf } = await aGroup();
  await set({ mutedUntil: inAnHour() });

  await database.current.query(
    `UPDATE member SET muted_until = now() - interval '1 second' WHERE chat_id = $1 AND user_id = $2`,
    [chat.id, ada.id],
  );

  expect(await settingsOf(ada)).toEqual(PLAIN);
});

it('T22 an archived chat leaves the list until somebody else writes, and a muted one for longer', async () => {
  const { ada, bob, chat, group, say, set, settingsOf, listOf } = await aGroup();
  const { chat: other } = await group(ada, bob);

  await set({ isArchived: true });
  expect([await listOf(ada), await listOf(ada, { isArchived: true })]).toEqual([[other.id], [chat.id]]);
  expect(await listOf(bob)).toHaveLength(2);
  await say(ada, chat, 'my own');
  expect(await listOf(ada)).toEqual([other.id]);
  await say(bob, chat);
  expect([await listOf(ada), await listOf(ada, { isArchived: true })]).toEqual([[chat.id, other.id], []]);

  await set({ isMuted: true });
  expect(await settingsOf(ada)).toMatchObject({ isMuted: true, isArchived: false });
  await set({ isArchived: true });
  await say(bob, chat);
  expect(await settingsOf(ada)).toMatchObject({ isArchived: true });
  await set({ isMuted: false });
  expect(await settingsOf(ada)).toMatchObject({ isArchived: false });
});

it('T22 an archived chat stays archived though its member writes at the same moment', async () => {
  const { ada, say, chat, set, settingsOf } = await aGroup();
  for (let round = 0; round < 10; round += 1) {
    await Promise.all([say(ada, chat), set({ isArchived: true }), say(ada, chat)]);

    expect(await settingsOf(ada)).toMatchObject({ isArchived: true });
    await set({ isArchived: false });
  }
});

it('T23 pinned chats come first, over pages too', async () => {
  const { ada, bob, chat, group, say, set, chats, chatSettings } = await aGroup();
  const rooms = [chat, ...(await Promise.all([1, 2, 3].map(() => group(ada, bob)))).map((one) => one.chat)];
  for (const room of rooms) await say(bob, room);
  const newestFirst = rooms.map(({ id }) => id).reverse();
  await set({ isPinned: true });
  await chatSettings.update(ada, newestFirst[1]!, { isPinned: true });

  const found: bigint[] = [];
  let after: string | null = null;
  do {
    const page = await chats.list(ada, { scope: 'MINE' }, { first: 1, after });
    found.push(...page.edges.map(({ node }) => node.id));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);

  expect(found).toEqual([newestFirst[1], newestFirst[3], newestFirst[0], newestFirst[2]]);
});

it('T24 one marked as unread is among the unread ones until it is read', async () => {
  const { ada, bob, chat, hearAs, readPositions, say, set, settingsOf, listOf } = await aGroup();
  expect(await listOf(ada, { isUnread: true })).toEqual([]);

  await set({ isMarkedUnread: true });
  expect(await listOf(ada, { isUnread: true })).toEqual([chat.id]);
  const told = await hearAs(ada);
  await readPositions.mark(ada, chat.id, null);
  expect([await settingsOf(ada), told]).toEqual([PLAIN, [String(chat.id)]]);

  await set({ isMarkedUnread: true });
  await say(bob, chat);
  await readPositions.mark(ada, chat.id, null);
  expect([await settingsOf(ada), await listOf(ada, { isUnread: true })]).toEqual([PLAIN, []]);
});

it('T25 notifications obey: of a muted chat none, or of mentions only, or none', async () => {
  const { ada, bob, chat, messages, notifications, say, set } = await aGroup();
  const news = async () => (await notifications.newMessages([{ userId: ada.id, chatId: chat.id }]))[0]!.message?.text;
  const listed = async () =>
    (await notifications.list(ada, true)).edges.filter(({ node }) => node.kind === 'NEW_MESSAGE').length;
  await say(bob, chat, 'one');
  await messages.send(bob, { chatId: chat.id, text: 'you', mentionIds: [ada.id] });
  await say(bob, chat, 'three');
  const all = [await news(), await listed()];

  await set({ isMuted: true });
  const muted = [await news(), await listed()];
  await set({ isMuted: false, notifyAbout: 'MENTIONS' });
  const mentions = [await news(), await listed()];
  await set({ notifyAbout: 'NOTHING' });
  const nothing = [await news(), await listed()];
  await set({ notifyAbout: 'EVERYTHING' });

  expect([all, muted, mentions, nothing, [await news(), await listed()]]).toEqual([
    ['three', 1],
    [undefined, 0],
    ['you', 1],
    [undefined, 0],
    ['three', 1],
  ]);
});

it('T20 are read for a list of chats in one statement', async () => {
  const { db, count } = counting(database.current);
  const { chatSettings, group } = await chatNode(db);
  const ada = await someone();
  const rooms = await Promise.all([1, 2, 3].map(() => group(ada)));
  const before = count();

  const all = await Promise.all(rooms.map(({ chat }) => chatSettings.read(ada, chat.id)));

  expect(count() - before).toBe(1);
  expect(all).toEqual([PLAIN, PLAIN, PLAIN]);
});
