import { describe, expect, it } from 'vitest';
import { emailKeyOf, foldCase, nameKeyOf, searchWordsOf, usernameKeyOf } from '../../src/domain/keys.js';

describe('folding case', () => {
  it('makes one of every letter, its capital and its small letter, wherever in a word it stands', () => {
    const apart: string[] = [];
    let letters = 0;
    for (let code = 0; code < 0x110000; code += 1) {
      const letter = String.fromCodePoint(code);
      if (!/\p{Changes_When_Casemapped}/u.test(letter)) continue;
      letters += 1;
      for (const text of [letter, `a${letter}`, `Σ${letter}.`]) {
        const key = foldCase(text);
        const spellings = [text.toUpperCase(), text.toLowerCase(), text.normalize('NFD'), key];
        if (spellings.some((spelling) => foldCase(spelling) !== key)) apart.push(text);
      }
    }

    expect(letters).toBeGreaterThan(2500);
    expect(apart).toEqual([]);
  });

  it.each([
    ['Νίκος', 'ΝΊΚΟΣ', 'νίκοσ'],
    ['weiß', 'WEISS', 'weiss'],
    ['WEIẞ', 'weiss', 'weiss'],
    ['ſamuel', 'SAMUEL', 'samuel'],
    ['µmesser', 'ΜMESSER', 'μmesser'],
    ['Ǆ', 'ǅ', 'ǆ'],
    ['ﬁ', 'FI', 'fi'],
    ['ışık', 'IŞIK', 'işik'],
    ['\u212b', 'A\u030a', 'å'],
    ['Ёж', 'ёЖ', 'ёж'],
  ])('takes %j and %j for one', (one, other, key) => {
    expect([foldCase(one), foldCase(other)]).toEqual([key, key]);
  });

  it.each([
    ['é', 'e'],
    ['и', 'й'],
    ['a', 'а'],
    ['İ', 'i'],
  ])('keeps %j and %j apart', (one, other) => {
    expect(foldCase(one)).not.toBe(foldCase(other));
  });
});

describe('the key of a username', () => {
  it('is the same with white space around it, and with accents of their own', () => {
    expect(usernameKeyOf(' Café\n')).toBe(usernameKeyOf('cafe\u0301'));
  });
});

describe('the key of an e-mail address', () => {
  it.each([
    ['a@bücher.example', 'a@xn--bcher-kva.example'],
    ['A@BÜCHER.Example', 'a@XN--BCHER-KVA.example'],
    ['νίκος.π@example.com', 'ΝΊΚΟΣ.Π@EXAMPLE.COM'],
    ['a@νίκος.example', 'a@ΝΊΚΟΣ.example'],
    ['a@faß.example', 'a@FASS.example'],
    ['a@example.org', ' A@example.ORG '],
  ])('takes %j and %j for one', (one, other) => {
    expect(emailKeyOf(one)).toBe(emailKeyOf(other));
  });

  it.each([
    ['a@bücher.example', 'a@bucher.example'],
    ['a@1.2', 'a@1.0.0.2'],
    ['a@0x7f.1', 'a@127.0.0.1'],
  ])('keeps %j and %j apart', (one, other) => {
    expect(emailKeyOf(one)).not.toBe(emailKeyOf(other));
  });

  it.each(['a@bücher.example', 'a@xn--zzzzzzz.example', 'a@0x7f.1', 'Weiß@FASS.example'])(
    'of the key of %j is that key',
    (email) => {
      expect(emailKeyOf(emailKeyOf(email))).toBe(emailKeyOf(email));
    },
  );
});

describe('the key that names are searched by', () => {
  const finds = (search: string, name: string) => {
    const key = nameKeyOf({ username: 'user-1', firstName: name, lastName: '' });
    return searchWordsOf(search).every((word) => key.includes(word));
  };

  it.each([
    ['Muller', 'Müller'],
    ['müller', 'Muller'],
    ['ΚΏΣ', 'Κώστας'],
    ['еж', 'Ёж'],
    ['андреи', 'Андрей'],
    ['fi', 'ﬁ'],
    ['abc', 'ＡＢＣ'],
    ['isik', 'IŞIK'],
    ['weiss', 'Weiß'],
    ['שלום', 'שָׁלוֹם'],
    ['مرحبا', 'مَرْحَبًا'],
    ['coop', 'co\u00adop'],
    ['한', '한국'],
  ])('has %j find %j', (search, name) => {
    expect(finds(search, name)).toBe(true);
  });

  it.each([
    ['か', 'が'],
    ['क', 'कि'],
    ['Mueller', 'Müller'],
    ['a', 'а'],
  ])('has %j not find %j, which is another letter', (search, name) => {
    expect(searchWordsOf(search)[0]).not.toBe(searchWordsOf(name)[0]);
  });

  it('has at most ten words, each once', () => {
    expect(searchWordsOf('a b c d e f g h i j k')).toEqual([...'abcdefghij']);
    expect(searchWordsOf('a b a B')).toEqual(['a', 'b']);
  });
});
