import { expect, it } from 'vitest';
import { gatherAsked, gatherParts, toEachOfMany } from '../../../src/domain/rules/asked-chats.js';
import type { Role } from '../../../src/generated/prisma/enums.js';
import { upTo } from '../../support/sent.js';

const viewer = (id: number, role: Role = 'USER') => ({ id: BigInt(id), role });

it('asks once for a viewer and a chat, but apart as an administrator', async () => {
  const read: string[] = [];
  const ask = gatherAsked((asked) => {
    const names = asked.map(({ viewer: { id, role }, id: chatId }) => `${id} ${role} ${chatId}`);
    read.push(...names);
    return Promise.resolve(names);
  });

  const answers = await Promise.all([
    ask(viewer(1), 5n),
    ask(viewer(1, 'MANAGER'), 5n),
    ask(viewer(1, 'ADMIN'), 5n),
    ask(viewer(2), 5n),
    ask(viewer(1), 6n),
  ]);

  expect(answers).toEqual(['1 USER 5', '1 USER 5', '1 ADMIN 5', '2 USER 5', '1 USER 6']);
  expect(read).toEqual(['1 USER 5', '1 ADMIN 5', '2 USER 5', '1 USER 6']);
});

it('reads parts of at most 100 chats at once, however many viewers ask for each', async () => {
  const sizes: string[] = [];
  const ask = gatherParts((asked, { part }: { part: string }) => {
    sizes.push(`${new Set(asked.map(({ id }) => id)).size} chats for ${asked.length}`);
    return Promise.resolve(asked.map(({ viewer: { id }, id: chatId }) => `${part} ${id} ${chatId}`));
  });
  const pairs = upTo(150).flatMap((chat) => upTo(3).map((id) => ({ chat: BigInt(chat), id })));

  const answers = await Promise.all(pairs.map(({ chat, id }) => ask(viewer(id), chat, { part: 'x' })));

  expect(answers).toEqual(pairs.map(({ chat, id }) => `x ${id} ${chat}`));
  expect(sizes).toEqual(['100 chats for 300', '50 chats for 150']);
});

it('reads different parts apart, so that one who asks for nonsense fails alone', async () => {
  const read: string[] = [];
  const ask = gatherParts((asked, { part }: { part: string }) => {
    read.push(part);
    return part === 'nonsense' ? Promise.reject(new Error(part)) : Promise.resolve(asked.map(() => part));
  });

  const answers = await Promise.allSettled(
    ['x', 'nonsense', 'y', 'x'].map((part, index) => ask(viewer(index), 5n, { part })),
  );

  expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'failed'))).toEqual([
    'x',
    'failed',
    'y',
    'x',
  ]);
  expect(read).toEqual(['x', 'nonsense', 'y']);
});

it('gives the rows of a chat to those who see it, and nothing to others', () => {
  const asked = [1, 2, 3, 4].map((id) => ({ viewer: viewer(id), id: id === 4 ? 6n : 5n }));
  const rows = [
    { chatId: 5n, seenBy: null, text: 'a' },
    { chatId: 6n, seenBy: [4], text: 'c' },
    { chatId: 5n, seenBy: [1, 3], text: 'b' },
    { chatId: 5n, seenBy: null, text: 'd' },
  ];

  const each = toEachOfMany(asked, rows, (own) => own.map(({ text }) => text).join(''));

  expect(each).toEqual(['abd', '', 'abd', 'c']);
});
