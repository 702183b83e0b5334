/** Searching chats by name. */
import { BadUserInputError } from '../bad-user-input.js';
import { containing, searchWordsOf } from '../keys.js';
import { isStorable } from '../text.js';

const MAX_LENGTH = 200;

/**
 * The patterns that a chat's name, or that of the other person in it, must match; empty for all chats.
 *
 * @throws BadUserInputError
 */
export const chatSearchOf = (search: string | null | undefined): string[] => {
  const text = search ?? '';
  if (text.length > MAX_LENGTH) throw new BadUserInputError(`search must be at most ${MAX_LENGTH} long`);
  if (!isStorable(text)) throw new BadUserInputError('search holds characters that no text has');
  return searchWordsOf(text).map(containing);
};
