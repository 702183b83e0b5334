import { describe, expect, it } from 'vitest';
import { nameProblem, isSlug } from '../../src/domain/chat-names.js';
import { InvalidInputError, TextEmptyError, TextTooLongError } from '../../src/domain/errors.js';
import { checkClientMessageId, checkText } from '../../src/domain/text.js';

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
  ])('C1 S2.15 takes %s for empty', (_what, text) => {
    expect(errorFrom(() => checkText(text, 1000))).toBeInstanceOf(TextEmptyError);
  });

  it.each(['.', ' a ', '\u200d', '👩‍👩‍👧', 'שלום', 'a\nb'])('C1 does not take %j for empty', (text) => {
    expect(errorFrom(() => checkText(text, 1000))).toBeUndefined();
  });

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

  it.each(['', '   ', 'a'.repeat(101), '😀'.repeat(101), 'two\nlines', 'a\0', '\ud800'])(
    'refuses the name %j',
    (name) => {
      expect(nameProblem(name)).toBeTypeOf('string');
    },
  );

  it.each(['a', '7', 'a-b', 'x'.repeat(64)])('takes the slug %j', (slug) => expect(isSlug(slug)).toBe(true));

  it.each(['', '-a', 'a-', 'A', 'a b', 'a\n', 'я', 'x'.repeat(65)])('refuses the slug %j', (slug) =>
    expect(isSlug(slug)).toBe(false),
  );
});
