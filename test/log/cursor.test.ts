import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/log/cursor.js';

const place = fc.record({
  chatId: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
  seq: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  mark: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
});

it('a cursor comes back as the place it was made of', () => {
  fc.assert(fc.property(place, (one) => void expect(decodeCursor(encodeCursor(one))).toEqual(one)));
});

it('2,000 cursors fit a frame of 256 KB', () => {
  fc.assert(fc.property(place, (one) => void expect(encodeCursor(one).length).toBeLessThan(100)));
});

it('takes no text that is not a cursor in its one spelling', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const decoded = decodeCursor(text);
      expect(decoded === null || encodeCursor(decoded) === text).toBe(true);
    }),
  );
  const cursor = encodeCursor({ chatId: 7n, seq: 1, mark: 5 });
  for (const other of ['', `${cursor}A`, cursor.slice(1), `${cursor}=`, cursor.replace(/.$/, '_')]) {
    expect(decodeCursor(other)).toBeNull();
  }
});
