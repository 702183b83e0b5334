/** What chats and brands may be called, and how chats may be found. Each check says what is wrong, or nothing. */
import { codePointLength } from './text.js';

type Problem = string | undefined;

const NAME_MAX_LENGTH = 100;
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
// Line breaks of any kind too: a name is one line.
const CONTROL = /[\p{Cc}\p{Surrogate}\u2028\u2029]/u;

/** As it is kept. */
export const trimmedName = (name: string): string => name.trim();

/** Of a name or of the reference of an order. */
export const nameProblem = (name: string): Problem => {
  const trimmed = trimmedName(name);
  if (trimmed === '') return 'must not be empty';
  if (trimmed.length > 2 * NAME_MAX_LENGTH || codePointLength(trimmed) > NAME_MAX_LENGTH) {
    return `must be at most ${NAME_MAX_LENGTH} characters long`;
  }
  return CONTROL.test(trimmed) ? 'must not contain control characters' : undefined;
};

/** Whether a chat could be called that; what could not need not reach the database. */
export const isSlug = (slug: string): boolean => SLUG.test(slug);

export const slugProblem = (slug: string): Problem =>
  isSlug(slug) ? undefined : 'must be 1 to 64 of a-z, 0-9 and "-", neither beginning nor ending with "-"';

export const SLUG_TAKEN = 'is taken by another chat';
