import { expect, it } from 'vitest';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import { rekeyChats } from '../../../src/domain/rekey-chats.js';
import type { ChatList } from '../../../src/domain/chats/chat-reads.js';
import { chatNode, errorOf, newPerson, type ChatNode } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';
import type { Viewer } from '../../../src/domain/viewer.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

const named = async (firstName: string) => {
  const person = await someone();
  await database.current.query('UPDATE "user" SET first_name = $2, name_key = lower($2) WHERE id = $1', [
    person.id,
    firstName,
  ]);
  return person;
};

const find = async ({ chats }: ChatNode, viewer: Viewer, search: string, list: Partial<ChatList> = {}) =>
  (await chats.list(viewer, { scope: 'MINE', ...list, search })).edges.map(({ node: { id } }) => id);

it('T40 a chat is found by words of its name, in any case and without accents, newest first as without a search', async () => {
  const node = await chatNode(database.current);
  const [ada, root] = [await someone(), await newPerson(database.current, 'ADMIN')];
  const make = async (name: string) => (await node.chats.create(root, { name, memberIds: [ada.id] })).id;
  const [trees, tree, other] = [await make('Ёлки и сосны'), await make('Одна ЁЛКА'), await make('100% Café')];
  await node.chats.create(root, { name: 'Ёлки without her', memberIds: [] });

  expect(await find(node, ada, 'елк')).toEqual([tree, trees]);
  expect(await find(node, ada, 'сосны Ёлки')).toEqual([trees]);
  expect(await find(node, ada, '0% cafe')).toEqual([other]);
  expect(await find(node, ada, 'cafe елки')).toEqual([]);
  expect(await find(node, ada, '%')).toEqual([other]);
  expect(await find(node, ada, ' ')).toEqual([other, tree, trees]);
  expect(await find(node, root, 'without her', { scope: 'ALL' })).toHaveLength(1);
  const { edges } = await node.chats.list(ada, { scope: 'MINE', search: 'елк' }, { first: 1 });
  const next = await node.chats.list(ada, { scope: 'MINE', search: 'елк' }, { first: 1, after: edges[0]!.cursor });
  expect(next.edges.map(({ node: { id } }) => id)).toEqual([trees]);
  for (const wrong of ['x'.repeat(201), '\0'])
    expect(await errorOf(find(node, ada, wrong))).toBeInstanceOf(BadUserInputError);
});

it('T40 a chat of two is found by the other person, not by oneself', async () => {
  const node = await chatNode(database.current);
  const [ada, zoe] = [await named('Adalbertine'), await named('Zoraya')];
  const { chat } = await node.chats.openDirect(ada, zoe.id);

  expect(await find(node, ada, 'zoray')).toEqual([chat.id]);
  expect(await find(node, ada, 'adalbert')).toEqual([]);
  expect(await find(node, zoe, 'ADALBERT')).toEqual([chat.id]);
});

it('T40 a new name is found, an old one no longer', async () => {
  const node = await chatNode(database.current);
  const { admin, chat } = await node.group();
  await node.chats.update(admin, { chatId: chat.id, name: 'Schach' });

  expect(await find(node, admin, 'schach', { scope: 'ALL' })).toEqual([chat.id]);
  expect(await find(node, admin, 'group', { scope: 'ALL' })).not.toContain(chat.id);
});

it('T40 chats that an older version has made are found after the next start', async () => {
  const node = await chatNode(database.current);
  const [admin] = [await newPerson(database.current, 'ADMIN')];
  const ids = await Promise.all(
    Array.from(
      { length: 250 },
      async (_, n) => (await node.chats.create(admin, { name: `Älter ${n}`, memberIds: [] })).id,
    ),
  );
  await database.current.query('UPDATE chat SET name_key = NULL WHERE id = ANY($1::bigint[])', [ids]);
  expect(await find(node, admin, 'alter', { scope: 'ALL' })).toEqual([]);

  await rekeyChats(database.current);

  for (const n of [0, 100, 249]) expect(await find(node, admin, `alter ${n}`, { scope: 'ALL' })).toContain(ids[n]);
  const [left] = await database.current.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM chat WHERE name_key IS NULL AND name IS NOT NULL',
  );
  expect(left!.count).toBe(0);
});
