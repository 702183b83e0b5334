import { expect, it } from 'vitest';
import { chatNode, counting, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

it('T16 lists the members who have read a message, its sender aside, for a page of messages in one statement', async () => {
  const { db, count } = counting(database.current);
  const { messageReaders, group, readPositions, say } = await chatNode(db);
  const [ada, bob, eve, stranger] = [await someone(), await someone(), await someone(), await someone()];
  const { chat } = await group(ada, bob, eve);
  const first = { chatId: chat.id, seq: await say(ada, chat) };
  const second = { chatId: chat.id, seq: await say(ada, chat) };
  await readPositions.mark(bob, chat.id, first.seq);
  for (const person of [ada, eve]) await readPositions.mark(person, chat.id, null);
  const before = count();

  const pages = await Promise.all(
    [ada, stranger].map((viewer) => Promise.all([first, second].map((key) => messageReaders.list(viewer, key)))),
  );

  expect(count() - before).toBe(1);
  const idsOf = ({ edges }: (typeof pages)[0][0]) => edges.map(({ node }) => node.userId);
  expect(pages.map((own) => own.map(idsOf))).toEqual([
    [[bob.id, eve.id], [eve.id]],
    [[], []],
  ]);
  const one = await messageReaders.list(ada, first, { first: 1 });
  expect([idsOf(one), one.pageInfo.hasNextPage]).toEqual([[bob.id], true]);
  const next = await messageReaders.list(ada, first, { first: 1, after: one.pageInfo.endCursor });
  expect([idsOf(next), next.pageInfo.hasNextPage]).toEqual([[eve.id], false]);
});
