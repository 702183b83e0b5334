import { describe, expect, it } from 'vitest';
import { newMarks } from '../../src/log/mark.js';

describe('Marks', () => {
  it('are random, for a log of any length', () => {
    const marks = newMarks(100_000);

    expect(marks).toHaveLength(100_000);
    // Of 2³² chance takes the same twice a few times.
    expect(new Set(marks).size).toBeGreaterThan(99_900);
  });
});
