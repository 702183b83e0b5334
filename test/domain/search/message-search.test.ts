/** What is found, by whom, and in which order. */
import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import { RateLimitedError } from '../../../src/domain/errors.js';
import type { FoundMessages } from '../../../src/domain/search/message-search.js';
import { chatNode, errorOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';
import { textsFound } from '../../support/search.js';

const database = ownDatabase();

const scene = async (settings = {}) => {
  const node = await chatNode(database.current, { settings });
  const [ada, boris] = [await newPerson(node.db), await newPerson(node.db)];
  const { admin, chat } = await node.group(ada, boris);
  return {
    node,
    ada,
    boris,
    admin,
    chat,
    find: (args: Parameters<typeof textsFound>[2]) => textsFound(node, ada, args),
  };
};

describe('searching', () => {
  it.each([
    // T60
    [
      'finds words in any case and inflection, in Russian and English, with ё as е',
      ['Две КНИГИ про ёлку'],
      ['книга', 'елка', 'про книгу', 'Ёлки'],
    ],
    ['finds English words by their stem', ['She was Running home'], ['run', 'homes run', 'RUNS']],
    ['finds what all words occur in', ['one two', 'one three'], []],
    [
      'finds the last word by its beginning',
      ['Понедельник начинается'],
      ['понед', 'понедельник нач', 'по', 'начинающийся'],
    ],
    [
      'finds what quotes hold together',
      ['red green blue'],
      ['"red green"', '«green blue»', '"red gre', 'blue "red green"'],
    ],
    ['finds parts of addresses', ['see https://example.com/path?x=1'], ['example', 'example.com', 'path', 'x']],
    [
      'finds words with stop words between them',
      ['the cat and the hat'],
      ['"cat and the hat"', 'the cat', 'cat and', '"hat"'],
    ],
    ['finds words of scripts without spaces', ['请去办公室开会', 'ประชุมวันนี้'], []],
    ['finds numbers', ['Order 4711 and 12e5'], ['4711', '12e5', '471']],
  ])('%s', async (_what, texts, queries) => {
    const { node, ada, chat, find } = await scene();
    for (const text of [...texts, 'something else entirely']) await node.say(ada, chat, text);

    for (const query of queries) expect([query, await find(query)]).toEqual([query, texts]);
  });

  it.each([
    ['one two', 'one three', 'one two'],
    ['办公室', '去超市', '请去办公室开会'],
    ['开会', '去超市', '请去办公室开会'],
    ['ประชุม', 'สวัสดีครับ', 'ประชุมวันนี้'],
    ['"green red"', 'red green', 'green red'],
    ['"red gre"', 'red green', 'red gre'],
    ['"cat in the hat"', 'cat the hat', 'cat of a hat cat in the hat'],
  ])('by %j finds not %j but %j', async (query, other, text) => {
    const { node, ada, chat, find } = await scene();
    for (const one of [other, text]) await node.say(ada, chat, one);

    expect(await find(query)).toEqual([text]);
  });

  it.each(['', '  ', '👍', '""', 'nothing of it', "'; DROP TABLE message; --", '\\ & | ! <-> :* ( )'])(
    'by %j finds nothing',
    async (query) => {
      const { node, ada, chat, find } = await scene();
      await node.say(ada, chat, 'Hello');

      expect(await find(query)).toEqual([]);
    },
  );

  it('T61 finds only what the viewer may read at that moment', async () => {
    const { node, ada, boris, admin, chat } = await scene();
    const stranger = await newPerson(node.db);
    await node.say(boris, chat, 'a secret word');
    const find = (viewer: typeof ada, chatId?: bigint) => textsFound(node, viewer, { query: 'secret', chatId });

    expect(await find(ada)).toEqual(['a secret word']);
    expect(await find(stranger)).toEqual([]);
    expect(await find(stranger, chat.id)).toBeNull();
    expect(await find(ada, chat.id + 1000n)).toBeNull();
    // They see the chat, but it is not among their own.
    expect(await find(admin)).toEqual([]);
    expect(await find(admin, chat.id)).toEqual(['a secret word']);

    await node.members.remove(admin, chat.id, ada.id);

    expect(await find(ada)).toEqual([]);
    expect(await find(ada, chat.id)).toBeNull();
  });

  it('T62 finds an edited message by its new words only, and a deleted one not at all', async () => {
    const { node, ada, chat, find } = await scene();
    const seq = await node.say(ada, chat, 'an apple');
    await node.messages.edit(ada, { chatId: chat.id, seq }, 'a pear');

    expect(await find('apple')).toEqual([]);
    expect(await find('pear')).toEqual(['a pear']);

    await node.messages.delete(ada, chat.id, [{ rawId: 'one', key: { chatId: chat.id, seq } }]);

    expect(await find('pear')).toEqual([]);
    expect(await node.db.query('SELECT FROM message_search WHERE chat_id = $1', [chat.id])).toEqual([]);
  });

  it('T63 answers the newest first over all chats, in pages', async () => {
    const { node, ada, boris, chat } = await scene();
    const { chat: other } = await node.group(ada, boris);
    const sent: string[] = [];
    for (let number = 0; number < 12; number += 1) {
      const text = `word ${number}`;
      await node.say(number % 3 === 0 ? boris : ada, number % 2 === 0 ? chat : other, text);
      sent.unshift(text);
    }

    const found: (string | null)[] = [];
    let after: string | null = null;
    do {
      const page: FoundMessages = (await node.messageSearch.search(ada, { query: 'word', first: 5, after }))!;
      found.push(...page.edges.map(({ node: message }) => message.text));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);

    expect(found).toHaveLength(12);
    expect(new Set(found)).toEqual(new Set(sent));
    const times = await node.db.query<{ text: string }>(
      `SELECT text FROM message WHERE chat_id = ANY($1) ORDER BY created_at DESC, chat_id DESC, seq DESC`,
      [[chat.id, other.id]],
    );
    expect(found).toEqual(times.map(({ text }) => text));
    expect(await textsFound(node, ada, { query: 'word', senderId: boris.id })).toHaveLength(4);
    expect(await textsFound(node, ada, { query: 'word', senderId: null })).toEqual([]);
    expect(await textsFound(node, ada, { query: 'word', chatId: other.id })).toHaveLength(6);
  });

  it('T63 finds what was sent in a span of time: from its start on, up to its end', async () => {
    const { node, ada, chat } = await scene();
    for (const text of ['first word', 'second word', 'third word']) await node.say(ada, chat, text);
    for (const table of ['message', 'message_search'])
      await node.db.query(
        `UPDATE ${table} SET created_at = '2020-01-01'::timestamptz + seq * interval '1 day' WHERE chat_id = $1`,
        [chat.id],
      );
    const day = (number: number) => new Date(Date.UTC(2020, 0, 1 + number));
    const find = (from: Date | null, to: Date | null) => textsFound(node, ada, { query: 'word', from, to });

    expect(await find(day(2), null)).toEqual(['third word', 'second word']);
    expect(await find(null, day(2))).toEqual(['first word']);
    expect(await find(day(2), day(3))).toEqual(['second word']);
    expect(await find(day(3), day(2))).toEqual([]);
    expect(await find(new Date(-8.64e15), new Date(8.64e15))).toHaveLength(3);
  });

  it('T66 tells where the words stand, in code points of the text as it was written', async () => {
    const { node, ada, chat } = await scene();
    const marked = async (text: string, query: string) => {
      await node.say(ada, chat, text);
      const found = await node.messageSearch.search(ada, { query, chatId: chat.id, first: 1 });
      const matches = await found!.edges[0]!.matches();
      return matches.map(([start, end]) => [...text].slice(start, end).join(''));
    };

    expect(await marked('👍👍 Книги, ёлки, книгу', 'книга')).toEqual(['Книги', 'книгу']);
    expect(await marked('👍 ЁЛКИ и Running ran', 'елка run')).toEqual(['ЁЛКИ', 'Running']);
    expect(await marked('ﬁsh FLUẞ flussig', 'fluss')).toEqual(['FLUẞ', 'flussig']);
    expect(await marked('red green red blue', '"red blue"')).toEqual(['red', 'blue']);
    expect(await marked('cat and the hat, the hat', '"cat and the hat"')).toEqual(['cat', 'hat']);
    expect(await marked('请去办公室开会', '办公室')).toEqual(['办公室']);
    expect(await marked('the word the', 'the word')).toEqual(['word']);
    expect((await marked('many '.repeat(150), 'many')).length).toBe(100);
  });

  it('T67 refuses a query that is too long, has too many words, or comes too often', async () => {
    const { node, ada } = await scene({ searchesPerMinute: 2 });
    const find = (query: string, args = {}) => errorOf(node.messageSearch.search(ada, { query, ...args }));

    expect(await find('x'.repeat(201))).toBeInstanceOf(BadUserInputError);
    expect(await find('x '.repeat(21))).toBeInstanceOf(BadUserInputError);
    expect(await find('x', { first: 101 })).toBeInstanceOf(BadUserInputError);
    expect(await find('x', { after: 'nonsense' })).toBeInstanceOf(BadUserInputError);
    expect(await textsFound(node, ada, '👍'.repeat(200))).toEqual([]);
    expect(await textsFound(node, ada, 'x '.repeat(20))).toEqual([]);
    expect(await find('x')).toBeInstanceOf(RateLimitedError);
  });
});
