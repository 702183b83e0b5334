/**
 * How far a chat's messages can be found by their words. Whoever appends writes the words along, or has none to write, so `indexed_seq`
 * moves with the head. A node of a version without search does not move it, and neither does a bulk import: what it is behind by tells the
 * background filling (`src/domain/search/filling.ts`) which part of the log to look through.
 */

/** For the UPDATE that moves a chat's head. @param seq the SQL expression of the new head */
export const indexedUpTo = (seq: string): string =>
  `indexed_seq = CASE WHEN chat.indexed_seq = chat.head_seq THEN ${seq} ELSE chat.indexed_seq END`;

/**
 * The configuration stems Russian words, and English ones, which it knows by their letters.
 *
 * @param words the SQL expression of words without case, separated by spaces
 */
export const toVector = (words: string): string => `to_tsvector('russian', ${words})`;
