/**
 * How far a chat's messages can be found by their words. Whoever appends writes the words along, or has none to write, so `indexed_seq`
 * moves with the head. A node of a version without search does not move it, and neither does a bulk import: what it is behind by tells the
 * background filling (`src/domain/search/filling.ts`) which part of the log to look through.
 */

/** For the UPDATE that moves a chat's head. @param seq the SQL expression of the new head */
export const indexedUpTo = (seq: string): string =>
  `indexed_seq = CASE WHEN chat.indexed_seq = chat.head_seq THEN ${seq} ELSE chat.indexed_seq END`;

/** Stands among the words of a message with files. No word of a text has such a character. */
const HAS_FILES = '#';

/** As a tsquery. */
export const HAS_FILES_QUERY = `'${HAS_FILES}'`;

/**
 * The configuration stems Russian words, and English ones, which it knows by their letters.
 *
 * @param words the SQL expression of words without case, separated by spaces
 */
export const toVector = (words: string): string => `to_tsvector('russian', ${words})`;

/** As `toVector`, of a message that may have files. @param count the SQL expression of how many */
export const toVectorOfMessage = (words: string, count: string): string =>
  `${toVector(words)} || CASE WHEN ${count} > 0 THEN '''${HAS_FILES}''' ELSE '' END::tsvector`;
