/** What chats and brands may be called, and how chats may be found. Each check says what is wrong, or nothing. */
import type { Problem } from './errors.js';
import { isBlank, isLonger } from './text.js';

const NAME_MAX_LENGTH = 100;
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
// Line breaks of any kind too: a name is one line.
const CONTROL = /[\p{Cc}\p{Surrogate}\u2028\u2029]/u;

/** As it is kept. */
export const trimmedName = (name: string): string => name.trim();

/** Of a name or of the reference of an order. */
export const nameProblem = (name: string): Problem | undefined => {
  const trimmed = trimmedName(name);
  if (isLonger(trimmed, NAME_MAX_LENGTH)) {
    return {
      code: 'TOO_LONG',
      reason: `must be at most ${NAME_MAX_LENGTH} characters long`,
      limit: NAME_MAX_LENGTH,
    };
  }
  return characterProblem(trimmed) ?? (isBlank(trimmed) ? { code: 'BLANK', reason: 'must not be empty' } : undefined);
};

/** What no shown name may hold, a person's included: they stand among other text, and must not turn the direction of it. */
export const characterProblem = (name: string): Problem | undefined => {
  if (CONTROL.test(name)) return { code: 'MALFORMED', reason: 'must not contain control characters' };
  if (/\p{Bidi_Control}/u.test(name)) {
    return { code: 'MALFORMED', reason: 'must not contain characters that turn the direction of writing' };
  }
  return undefined;
};

/** Whether a chat could be called that; what could not need not reach the database. */
export const isSlug = (slug: string): boolean => SLUG.test(slug);

export const slugProblem = (slug: string): Problem | undefined =>
  isSlug(slug)
    ? undefined
    : { code: 'MALFORMED', reason: 'must be 1 to 64 of a-z, 0-9 and "-", neither beginning nor ending with "-"' };

export const SLUG_TAKEN: Problem = { code: 'TAKEN', reason: 'is taken by another chat' };
