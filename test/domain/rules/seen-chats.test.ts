import { expect, it } from 'vitest';
import { createSeenChats } from '../../../src/domain/rules/seen-chats.js';
import { chatNode, counting, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

it('answers each who asks at once about their own chat, in one statement', async () => {
  const node = await chatNode(database.current);
  const [ada, bob] = [await newPerson(database.current), await newPerson(database.current)];
  const admin = await newPerson(database.current, 'ADMIN');
  const { chat: hers } = await node.group(ada);
  const { chat: his } = await node.group(bob);
  const { chat: both } = await node.group(ada, bob);
  const { db, count } = counting(database.current);
  const seenChats = createSeenChats(db);
  const pairs = [ada, bob, admin].flatMap((viewer) =>
    [hers.id, his.id, both.id, 9_999_999n].map((chatId) => ({ viewer, chatId })),
  );

  const seen = await Promise.all(pairs.map(({ viewer, chatId }) => seenChats.read(viewer, chatId)));

  expect(seen.map((one) => one && [one.chat.id, one.isMember, one.isSeen])).toEqual([
    [hers.id, true, true],
    [his.id, false, false],
    [both.id, true, true],
    null,
    [hers.id, false, false],
    [his.id, true, true],
    [both.id, true, true],
    null,
    [hers.id, false, true],
    [his.id, false, true],
    [both.id, false, true],
    null,
  ]);
  expect(count()).toBe(1);
});

it('answers as of after it was asked', async () => {
  const node = await chatNode(database.current);
  const ada = await newPerson(database.current);
  const { admin, chat } = await node.group(ada);
  const seenChats = createSeenChats(database.current);

  const before = await seenChats.read(ada, chat.id);
  await node.members.remove(admin, chat.id, ada.id);
  const after = await seenChats.read(ada, chat.id);

  expect([before!.isSeen, after!.isSeen]).toEqual([true, false]);
});
