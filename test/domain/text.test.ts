import { describe, expect, it } from 'vitest';
import { nameProblem, isSlug } from '../../src/domain/chat-names.js';
import { InvalidInputError, TextEmptyError, TextTooLongError } from '../../src/domain/errors.js';
import { checkClientMessageId, checkNotBlank, checkText } from '../../src/domain/text.js';

const errorFrom = (check: () => void): unknown => {
  try {
    check();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe("a message's text", () => {
  it('S2.22 counts code points: 1000 of four bytes each pass, 1001 do not', () => {
    expect(errorFrom(() => checkText('😀'.repeat(1000), 1000))).toBeUndefined();
    expect(errorFrom(() => checkText('😀'.repeat(1001), 1000))).toEqual(new TextTooLongError(1001, 1000));
  });

  it('S2.22 says how long a text is that is refused by its bytes alone', () => {
    expect(errorFrom(() => checkText('я'.repeat(100_000), 1000))).toMatchObject({ length: 100_000, maxLength: 1000 });
  });

  it.each([
    ['nothing', ''],
    ['spaces', '   '],
    ['line breaks', '\n\r\n\t'],
    ['no-break and ideographic spaces', '\u00a0\u3000\u2003'],
    ['a byte order mark', '\ufeff'],
    ['a zero-width space', '\u200b'],
    ['a zero-width joiner', '\u200d'],
    ['a word joiner', '\u2060'],
    ['a soft hyphen', '\u00ad'],
    ['a variation selector', '\ufe0f'],
    ['a Hangul filler', '\u3164'],
    ['a half-width Hangul filler', '\uffa0'],
    ['a Mongolian vowel separator', '\u180e'],
    ['a Braille cell without dots', '\u2800'],
    ['a mark of an annotation', '\ufff9'],
    ['a note without a head', '\u{1d159}'],
    ['a tag', '\u{e0041}'],
    ['a control character', '\u0007'],
    ['a direction of writing', '\u202e\u2066\u200f'],
    ['all of these', ' \u200b\u3164\u2800\u{e0041}\n'],
  ])('C1 S2.15 takes %s for empty', (_what, text) => {
    expect(errorFrom(() => checkNotBlank(text))).toBeInstanceOf(TextEmptyError);
  });

  it.each(['.', ' a ', '👩‍👩‍👧', '❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'שלום', 'a\nb', '\u200ba', '\u202eabc', '\u2801', '\u0301'])(
    'C1 does not take %j for empty',
    (text) => {
      expect(errorFrom(() => checkNotBlank(text))).toBeUndefined();
    },
  );

  it.each([
    ['NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud83d'],
    ['the other half', '\ude00b'],
  ])('S2.20 refuses %s', (_what, text) => {
    expect(errorFrom(() => checkText(text, 1000))).toMatchObject({ fields: [{ path: ['text'] }] });
  });
});

describe("a client's own key", () => {
  it.each(['a', 'ж'.repeat(128), '😀'.repeat(128), ' '])('takes %j', (key) => {
    expect(errorFrom(() => checkClientMessageId(key))).toBeUndefined();
  });

  it.each(['', 'a'.repeat(129), 'a\0', '\udc00'])('S2.20 refuses %j', (key) => {
    const error = errorFrom(() => checkClientMessageId(key));

    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ fields: [{ path: ['clientMessageId'] }] });
  });
});

describe("a chat's name and slug", () => {
  it.each(['Team', ' padded ', '😀'.repeat(100), 'Отдел кадров'])('takes the name %j', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  it.each([
    ['', 'BLANK'],
    ['   ', 'BLANK'],
    ['\u200b', 'BLANK'],
    ['\u3164\u2800', 'BLANK'],
    ['a'.repeat(101), 'TOO_LONG'],
    ['😀'.repeat(101), 'TOO_LONG'],
    ['two\nlines', 'MALFORMED'],
    ['a\0', 'MALFORMED'],
    ['\ud800', 'MALFORMED'],
    ['invoice\u202efdp.exe', 'MALFORMED'],
    ['a\u2066b', 'MALFORMED'],
    ['a\u200fb', 'MALFORMED'],
  ])('refuses the name %j as %s', (name, code) => {
    expect(nameProblem(name)).toMatchObject({ code });
  });

  it.each(['❤️', '👩‍👩‍👧', 'עברית', 'co\u00adop'])(
    'takes the name %j, whose invisible characters have their use',
    (name) => {
      expect(nameProblem(name)).toBeUndefined();
    },
  );

  it.each(['a', '7', 'a-b', 'x'.repeat(64)])('takes the slug %j', (slug) => expect(isSlug(slug)).toBe(true));

  it.each(['', '-a', 'a-', 'A', 'a b', 'a\n', 'я', 'x'.repeat(65)])('refuses the slug %j', (slug) =>
    expect(isSlug(slug)).toBe(false),
  );
});
