/** Marks: 32 random bits for each event, signed as PostgreSQL's int4 is. */
import { randomFillSync } from 'node:crypto';

// Not `crypto.getRandomValues`, which is limited to 16,384 of them.
export const newMarks = (count: number): Int32Array => randomFillSync(new Int32Array(count));

export const newMark = (): number => newMarks(1)[0]!;
