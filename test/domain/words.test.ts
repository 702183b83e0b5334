import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placedWordsOf, wordsOf } from '../../src/domain/words.js';

const placed = (text: string) =>
  Array.from(placedWordsOf(text), ({ word, start, end }) => [word, text.slice(start, end)]);

describe('the words of a text', () => {
  it.each([
    ['Hello, WORLD!', 'hello world'],
    ['Ёлка и ЁЖ', 'елка и еж'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφοσ'],
    ['Straße STRASSE', 'strasse strasse'],
    ['ﬁsh Ａｐｐｌｅ ①', 'fish apple 1'],
    ['за\u0301мок', 'замок'],
    ['e\u0301 é', 'é é'],
    ['co\u00adoperate', 'cooperate'],
    ['mail@example.com/a_b-c', 'mail example com a b c'],
    ['<b>bold</b> &amp; it’s', 'b bold b amp it s'],
    ['½', '1 2'],
    ['brand™ 👍🏽 — …', 'brand'],
    ['', ''],
  ])('of %j are %j', (text, words) => {
    expect(wordsOf(text)).toBe(words);
  });

  it('are told by dictionaries where a script puts no spaces between them', () => {
    expect(placed('请去超市。').at(-1)).toEqual(['超市', '超市']);
    expect(placed('สวัสดีครับ').length).toBeGreaterThan(1);
    // Halfwidth kana, of which a voiced one is two.
    expect(wordsOf('ﾊﾞｽ')).toBe(wordsOf('バス'));
    expect(placed('ﾊﾞｽ')).toEqual([['バス', 'ﾊﾞｽ']]);
  });

  it('know where they stand in the text as it was written', () => {
    expect(placed('👍 Der FLUß, ﬁsh')).toEqual([
      ['der', 'Der'],
      ['fluss', 'FLUß'],
      ['fish', 'ﬁsh'],
    ]);
  });

  it('are cut where nobody would type them', () => {
    expect(wordsOf('a'.repeat(1000))).toBe('a'.repeat(64));
    expect(wordsOf('𝒳'.repeat(1000))).toBe('x'.repeat(64));
    expect(wordsOf('я'.repeat(60).concat(' ').repeat(20_000)).length).toBeLessThan(101_000);
  });

  it('are the same whether or not it has letters that are folded by more than lower case', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aZ09 _-’«».,\n<>&@ёЁяЯйЙ…—') }), (text) => {
        expect(wordsOf(text)).toBe(Array.from(placedWordsOf(text), ({ word }) => word).join(' '));
        expect(wordsOf(`${text} ß`)).toBe(`${wordsOf(text)} ss`.trim());
      }),
    );
  });

  it('are in order, within the text, and words themselves, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let last = 0;
        for (const { word, start, end } of placedWordsOf(text)) {
          expect(start).toBeGreaterThanOrEqual(last === 0 ? 0 : last - text.length);
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(word).toMatch(/^[\p{L}\p{N}\p{M}]{1,64}$/u);
          last = end;
        }
      }),
    );
  });
});
