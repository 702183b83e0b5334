import { expect, it } from 'vitest';
import { ChatClosedError, ForbiddenError, NotFoundError, RateLimitedError } from '../../../src/domain/errors.js';
import type { Ring } from '../../../src/log/doorbell.js';
import { chatNode, counting, errorOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

const typingIn = (rings: Ring[]) =>
  rings.flatMap((ring) => ('ephemerals' in ring ? ring.ephemerals.filter((one) => one.kind === 'typing') : []));

it('S2.4 S2.9 tells the chat who types and who has stopped, for one statement each', async () => {
  const { db, count } = counting(database.current);
  const { group, typing, hear } = await chatNode(db);
  const ada = await someone();
  const { chat } = await group(ada);
  const heard = await hear(chat);
  const before = count();

  const { expiresAt } = await typing.set(ada, chat.id, true);
  const stopped = await typing.set(ada, chat.id, false);

  expect(expiresAt!.getTime() - Date.now()).toBeGreaterThan(4000);
  expect(stopped).toEqual({ expiresAt: null });
  expect(count() - before).toBe(2);
  await expect
    .poll(() => typingIn(heard))
    .toMatchObject([
      { chatId: chat.id, user: { id: ada.id }, isTyping: true, expiresAt },
      { chatId: chat.id, user: { id: ada.id }, isTyping: false, expiresAt: null },
    ]);
});

it('S2.17 ends by itself, later where it is said again, and once', async () => {
  const { group, typing, hear } = await chatNode(database.current, { typingLastsMs: 300 });
  const ada = await someone();
  const { chat } = await group(ada);
  const heard = await hear(chat);

  const first = await typing.set(ada, chat.id, true);
  await expect.poll(() => Date.now() - first.expiresAt!.getTime(), { interval: 5 }).toBeGreaterThan(-150);
  const second = await typing.set(ada, chat.id, true);
  await expect.poll(() => typingIn(heard).map(({ isTyping }) => isTyping)).toEqual([true, true, false]);

  expect(second.expiresAt!.getTime()).toBeGreaterThan(first.expiresAt!.getTime());
  expect(Date.now()).toBeGreaterThanOrEqual(second.expiresAt!.getTime() - 5);
});

it('tells at its close that those have stopped whose end it would tell', async () => {
  const { group, typing, hear } = await chatNode(database.current);
  const [ada, bob] = [await someone(), await someone()];
  const { chat } = await group(ada, bob);
  const heard = await hear(chat);
  await typing.set(ada, chat.id, true);
  await typing.set(bob, chat.id, true);

  typing.close();

  await expect.poll(() => typingIn(heard).map(({ isTyping }) => isTyping)).toEqual([true, true, false, false]);
});

it('S2.13 is for those who may write there, so often and no oftener', async () => {
  const { chats, group, typing } = await chatNode(database.current, { settings: { typingPerMinute: 2 } });
  const [ada, eve] = [await someone(), await someone()];
  const { admin, chat } = await group(ada);

  expect(await errorOf(typing.set(eve, chat.id, true))).toBeInstanceOf(NotFoundError);
  expect(await errorOf(typing.set(ada, 2n ** 62n, true))).toBeInstanceOf(NotFoundError);
  expect(await errorOf(typing.set(ada, null, true))).toBeInstanceOf(NotFoundError);
  expect(await errorOf(typing.set(admin, chat.id, true))).toBeInstanceOf(ForbiddenError);
  await typing.set(ada, chat.id, true);
  await typing.set(ada, chat.id, false);
  expect(await errorOf(typing.set(ada, chat.id, true))).toBeInstanceOf(RateLimitedError);
  await chats.close(admin, chat.id);
  expect(await errorOf(typing.set(ada, chat.id, true))).toBeInstanceOf(ChatClosedError);
});

it('is told to nobody in a chat of more than 100 members', async () => {
  const { group, typing, hear, say } = await chatNode(database.current);
  const people = await Promise.all(Array.from({ length: 101 }, () => someone()));
  const { chat } = await group(...people);
  const heard = await hear(chat);

  const { expiresAt } = await typing.set(people[0]!, chat.id, true);
  await say(people[1]!, chat); // a fence

  expect(expiresAt).toBeInstanceOf(Date);
  await expect.poll(() => heard.length).toBe(1);
  expect(typingIn(heard)).toEqual([]);
});
