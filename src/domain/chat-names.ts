/** Names of chats and brands, and the slugs and references that find chats. Each check returns the problem, or nothing. */
import type { Problem } from './errors.js';
import { isBlank, isLonger } from './text.js';

const NAME_MAX_LENGTH = 100;
const DESCRIPTION_MAX_LENGTH = 1000;
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
// Includes line breaks of any kind: a name is one line.
const CONTROL = /[\p{Cc}\p{Surrogate}\u2028\u2029]/u;

/** The name as it is stored. */
export const trimmedName = (name: string): string => name.trim();

/** For a name or an order's reference. */
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

/** A description as it is stored: null if it is empty. Unlike a name it may have several lines. */
export const cleanDescription = (description: string | null): string | null => {
  const cleaned = (description ?? '').replace(/\r\n?/g, '\n').trim();
  return cleaned === '' || isBlank(cleaned) ? null : cleaned;
};

export const descriptionProblem = (description: string): Problem | undefined => {
  const cleaned = cleanDescription(description) ?? '';
  if (isLonger(cleaned, DESCRIPTION_MAX_LENGTH)) {
    return {
      code: 'TOO_LONG',
      reason: `must be at most ${DESCRIPTION_MAX_LENGTH} characters long`,
      limit: DESCRIPTION_MAX_LENGTH,
    };
  }
  return characterProblem(cleaned.replaceAll('\n', ' '));
};

/** Characters that no displayed name may hold, a person's included: it stands among other text, and must not change its direction. */
export const characterProblem = (name: string): Problem | undefined => {
  if (CONTROL.test(name)) return { code: 'MALFORMED', reason: 'must not contain control characters' };
  if (/\p{Bidi_Control}/u.test(name)) {
    return { code: 'MALFORMED', reason: 'must not contain characters that turn the direction of writing' };
  }
  return undefined;
};

/** Whether a chat could have this slug; if not, the database need not be asked. */
export const isSlug = (slug: string): boolean => SLUG.test(slug);

export const slugProblem = (slug: string): Problem | undefined =>
  isSlug(slug)
    ? undefined
    : { code: 'MALFORMED', reason: 'must be 1 to 64 of a-z, 0-9 and "-", neither beginning nor ending with "-"' };

export const SLUG_TAKEN: Problem = { code: 'TAKEN', reason: 'is taken by another chat' };
