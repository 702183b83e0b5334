/** What usernames, passwords, names and addresses may look like. Each check says what is wrong, or nothing. */
import { randomUUID } from 'node:crypto';
import { InvalidInputError, type InvalidField } from './errors.js';

type Problem = string | undefined;

// Letters of any script with their marks, digits; nothing that is not seen, and no mark without a letter before it.
const USERNAME = /^(?!\p{M})(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{Nd}._-]){3,32}$/u;
// What Django's own validator takes, which those who were brought in from there go by.
const IMPORTED_USERNAME = /^(?!\p{M})(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{N}.@+_-]){1,150}$/u;
const NOT_STORABLE = /[\0\p{Surrogate}]/u;
const LABEL = '[\\p{L}\\p{M}\\p{Nd}](?:[\\p{L}\\p{M}\\p{Nd}-]{0,61}[\\p{L}\\p{M}\\p{Nd}])?';
const EMAIL = new RegExp(
  `^(?!\\.)(?!.*\\.\\.)[\\p{L}\\p{M}\\p{Nd}.!#$%&'*+/=?^_\`{|}~-]{1,64}(?<!\\.)@(?:${LABEL}\\.)+${LABEL}$`,
  'u',
);

const codePoints = (text: string) => [...text].length;
// One that is far too long need not be counted, or looked at any closer.
const isLonger = (text: string, max: number) => text.length > 2 * max || codePoints(text) > max;

/** As it is kept. */
export const normalised = (text: string): string => text.normalize('NFC');

/**
 * What is unique: the same name in other case is the same name. Case is folded without regard to any language, so that all
 * nodes agree. Letters of different scripts that look alike are different.
 */
export const usernameKeyOf = (username: string): string => normalised(normalised(username).toLowerCase());
export const emailKeyOf = usernameKeyOf;

/** Whether anyone could be called that; what could not must not reach the database. Wider than what one may register as. */
export const isUsername = (username: string): boolean =>
  !isLonger(username, 450) && IMPORTED_USERNAME.test(normalised(username));

const usernameProblem = (username: string): Problem =>
  !isLonger(username, 96) && USERNAME.test(normalised(username))
    ? undefined
    : 'must be 3 to 32 letters, digits, ".", "_" or "-"';

const passwordProblem = (password: string): Problem => {
  if (isLonger(password, 128) || codePoints(password) < 8) return 'must be 8 to 128 characters long';
  if (NOT_STORABLE.test(password)) return 'must not contain NUL or half a surrogate pair';
  return undefined;
};

const nameProblem = (name: string): Problem => {
  if (isLonger(name, 150)) return 'must be at most 150 characters long';
  if (/[\p{Cc}\p{Surrogate}\u2028\u2029]/u.test(name)) return 'must not contain control characters';
  return undefined;
};

const emailProblem = (email: string): Problem =>
  !isLonger(email, 254) && EMAIL.test(email) ? undefined : 'must be an e-mail address';

const problems = {
  username: usernameProblem,
  password: passwordProblem,
  newPassword: passwordProblem,
  firstName: nameProblem,
  lastName: nameProblem,
  email: emailProblem,
};

/** What is wrong with one field, or nothing. */
export const accountProblem = (field: keyof typeof problems, value: string): Problem => problems[field](value);

type CheckedInput = { readonly [Field in keyof typeof problems]?: string | undefined };

/** What was said elsewhere, where it would do here. */
export const acceptedInput = (field: keyof typeof problems, value: string | undefined): string | undefined =>
  value === undefined || problems[field](value) !== undefined ? undefined : value;

const NO_EMAIL = '@no-email.invalid';

/** For one whose address is not known: there must be one, and nobody else's. No mail can ever reach it. */
export const newPlaceholderEmail = (): string => `${randomUUID()}${NO_EMAIL}`;
export const isPlaceholderEmail = (email: string): boolean => email.endsWith(NO_EMAIL);

/**
 * Checks what is given, each field by its name.
 *
 * @throws InvalidInputError naming everything that is wrong
 */
export const checkAccountInput = (input: CheckedInput): void => {
  const fields = Object.entries(problems).flatMap(([field, problem]): InvalidField[] => {
    const value = input[field as keyof CheckedInput];
    const reason = value === undefined ? undefined : problem(value);
    return reason === undefined ? [] : [{ path: [field], reason }];
  });
  if (fields.length > 0) throw new InvalidInputError(fields);
};
