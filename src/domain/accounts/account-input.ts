/** Rules for usernames, passwords, names and e-mail addresses. Each check returns the problem, or nothing. */
import { randomUUID } from 'node:crypto';
import { characterProblem } from '../chat-names.js';
import { refuseProblems, type Problem } from '../errors.js';
import { cleanEmail, cleanUsername } from '../keys.js';
import { isBlank, isLonger, isStorable, NOT_STORABLE_PROBLEM, codePointLength } from '../text.js';

// Letters of any script with their marks, and digits; no invisible characters, and no mark without a letter before it.
const USERNAME = /^(?!\p{M})(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{Nd}._-])+$/u;
// What Django's own validator accepts, for accounts imported from there.
const IMPORTED_USERNAME = /^(?!\p{M})(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{N}.@+_-])+$/u;
const LABEL = '[\\p{L}\\p{M}\\p{Nd}](?:[\\p{L}\\p{M}\\p{Nd}-]{0,61}[\\p{L}\\p{M}\\p{Nd}])?';
const EMAIL = new RegExp(
  `^(?!\\.)(?!.*\\.\\.)[\\p{L}\\p{M}\\p{Nd}.!#$%&'*+/=?^_\`{|}~-]{1,64}(?<!\\.)@(?:${LABEL}\\.)+${LABEL}$`,
  'u',
);

const USERNAME_LENGTH = { min: 3, max: 32, mostImported: 150 };
const PASSWORD_LENGTH = { min: 8, max: 128 };
const MAX_NAME_LENGTH = 150;
const MAX_EMAIL_LENGTH = 254;

/** Whether any account could have this name; if not, the database must not be asked. Wider than the rules for registering. */
export const isUsername = (username: string): boolean => {
  // Composed, it may be a third as long.
  if (username.length > 6 * USERNAME_LENGTH.mostImported) return false;
  const cleaned = cleanUsername(username);
  return !isLonger(cleaned, USERNAME_LENGTH.mostImported) && IMPORTED_USERNAME.test(cleaned);
};

export const isEmail = (email: string): boolean => emailProblem(email) === undefined;

const usernameProblem = (username: string): Problem | undefined => {
  const { min, max } = USERNAME_LENGTH;
  const reason = `must be ${min} to ${max} letters, digits, ".", "_" or "-"`;
  const cleaned = username.length > 6 * max ? username : cleanUsername(username);
  if (isBlank(cleaned)) return { code: 'BLANK', reason };
  if (isLonger(cleaned, max)) return { code: 'TOO_LONG', reason, limit: max };
  if (!USERNAME.test(cleaned)) return { code: 'MALFORMED', reason };
  return codePointLength(cleaned) < min ? { code: 'TOO_SHORT', reason, limit: min } : undefined;
};

const passwordProblem = (password: string): Problem | undefined => {
  const { min, max } = PASSWORD_LENGTH;
  const reason = `must be ${min} to ${max} characters long`;
  if (isLonger(password, max)) return { code: 'TOO_LONG', reason, limit: max };
  if (codePointLength(password) < min) return { code: 'TOO_SHORT', reason, limit: min };
  return isStorable(password) ? undefined : NOT_STORABLE_PROBLEM;
};

const nameProblem = (name: string): Problem | undefined =>
  isLonger(name, MAX_NAME_LENGTH)
    ? { code: 'TOO_LONG', reason: `must be at most ${MAX_NAME_LENGTH} characters long`, limit: MAX_NAME_LENGTH }
    : characterProblem(name);

const emailProblem = (email: string): Problem | undefined => {
  const cleaned = cleanEmail(email);
  if (isBlank(cleaned)) return NO_EMAIL_PROBLEM;
  if (isLonger(cleaned, MAX_EMAIL_LENGTH)) {
    return { code: 'TOO_LONG', reason: `must be at most ${MAX_EMAIL_LENGTH} characters long`, limit: MAX_EMAIL_LENGTH };
  }
  return EMAIL.test(cleaned) ? undefined : { code: 'MALFORMED', reason: 'must look like name@example.org' };
};

/** Every account has an address. */
export const NO_EMAIL_PROBLEM: Problem = { code: 'BLANK', reason: 'must not be empty' };

const problems = {
  username: usernameProblem,
  password: passwordProblem,
  newPassword: passwordProblem,
  firstName: nameProblem,
  lastName: nameProblem,
  email: emailProblem,
};

/** The problem with one field, or nothing. */
export const accountProblem = (field: keyof typeof problems, value: string): Problem | undefined =>
  problems[field](value);

type CheckedInput = { readonly [Field in keyof typeof problems]?: string | undefined };

/** The value if it is valid here, otherwise undefined. */
export const acceptedInput = (field: keyof typeof problems, value: string | undefined): string | undefined =>
  value === undefined || problems[field](value) !== undefined ? undefined : value;

/** Names copied from an address book may contain direction controls; the name is the same without them. */
export const withoutBidi = (name: string): string => name.replace(/\p{Bidi_Control}/gu, '');

/** A first or last name as it is stored: one without visible characters becomes empty. */
export const cleanName = (name: string): string => (isBlank(name) ? '' : name);

const NO_EMAIL = '@no-email.invalid';

/** For a user whose address is unknown: one is required, and must be unique. No mail can ever reach it. */
export const newPlaceholderEmail = (): string => `${randomUUID()}${NO_EMAIL}`;
export const isPlaceholderEmail = (email: string): boolean => email.endsWith(NO_EMAIL);

/**
 * Checks the given fields.
 *
 * @throws InvalidInputError that names every problem
 */
export const checkAccountInput = (input: CheckedInput): void => {
  const fields = Object.keys(problems) as (keyof typeof problems)[];
  refuseProblems(
    Object.fromEntries(
      fields.map((field) => [field, input[field] === undefined ? undefined : problems[field](input[field])]),
    ),
  );
};
