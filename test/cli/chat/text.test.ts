import { expect, it } from 'vitest';
import { harmless, wrap } from '../../../src/cli/chat/text.js';

it('lets nothing through that steers a terminal', () => {
  const text = 'red \u001B[31m bell \u0007 clear \u009B2J right-to-left \u202E end';

  expect(harmless(text)).toBe('red ·[31m bell · clear ·2J right-to-left · end');
  expect(harmless('two\r\nlines\tand a tab')).toBe('two ⏎ lines and a tab');
});

it('keeps what people write, joined emoji and all scripts', () => {
  const text = 'Привет שלום 👨‍👩‍👧‍🚲 e\u0301';

  expect(harmless(text)).toBe(text);
});

it('cuts lines by the columns they take, never within a character', () => {
  expect(wrap('абвгд', 3, 1)).toEqual(['абв', ' гд']);
  expect(wrap('👨‍👩‍👧‍🚲👏👏', 4, 0)).toEqual(['👨‍👩‍👧‍🚲👏', '👏']);
  expect(wrap('', 10)).toEqual(['']);
});
