/** Marks: 32 random bits for each event, signed as PostgreSQL's int4 is. */
export const newMarks = (count: number): Int32Array => crypto.getRandomValues(new Int32Array(count));

export const newMark = (): number => newMarks(1)[0]!;
