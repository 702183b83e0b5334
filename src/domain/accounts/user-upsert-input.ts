/** Checks a product's upserts as far as possible without the database. */
import { accountProblem, isPlaceholderEmail } from './account-input.js';
import type { InvalidField, Problem } from '../errors.js';
import { metadataProblem, type JsonObject } from '../metadata.js';
import { isExternalId } from './trusted-tokens.js';
import type { Role } from '../../generated/prisma/enums.js';

/** Exactly one of `externalId` (creates a missing user) and `id`. Undefined: unchanged; null clears fields that may be empty. */
export interface UserUpsert {
  externalId?: string | null | undefined;
  /** Null if it did not decode. */
  id?: bigint | null | undefined;
  username?: string | null | undefined;
  email?: string | null | undefined;
  firstName?: string | null | undefined;
  lastName?: string | null | undefined;
  role?: Role | null | undefined;
  isActive?: boolean | null | undefined;
  metadata?: JsonObject | null | undefined;
  /** An upload of the administrator. */
  avatarUploadId?: bigint | null | undefined;
}

/** Per call. */
const MAX_USERS = 100;

export const NO_USER: Problem = { code: 'NOT_FOUND', reason: 'is of no user' };
const NOT_CLEARED: Problem = { code: 'BLANK', reason: 'cannot be cleared' };

export const countProblem = (count: number): Problem | undefined => {
  const reason = `must be 1 to ${MAX_USERS}`;
  if (count === 0) return { code: 'BLANK', reason };
  return count > MAX_USERS ? { code: 'TOO_MANY', reason, limit: MAX_USERS } : undefined;
};

/** Empty if nothing is wrong. */
export const problemsOf = (upsert: UserUpsert): InvalidField[] => {
  const { externalId, id } = upsert;
  const isPlaceholder = isGiven(upsert.email) && isPlaceholderEmail(upsert.email);
  const problems: [field: string, problem: Problem | undefined][] = [
    ['externalId', externalIdProblem(externalId, id)],
    ['id', id === null ? NO_USER : undefined],
    ...(['username', 'email', 'firstName', 'lastName'] as const).map((field): [string, Problem | undefined] => [
      field,
      isGiven(upsert[field]) ? accountProblem(field, upsert[field]) : undefined,
    ]),
    // Every user has these.
    ...(['username', 'role', 'isActive'] as const).map((field): [string, Problem | undefined] => [
      field,
      upsert[field] === null ? NOT_CLEARED : undefined,
    ]),
    ['email', isPlaceholder ? { code: 'NOT_ALLOWED', reason: 'must be an address that mail can reach' } : undefined],
    ['metadata', metadataProblem(upsert.metadata)],
  ];
  return problems.flatMap(([field, problem]) => (problem === undefined ? [] : [{ path: [field], ...problem }]));
};

const externalIdProblem = (
  externalId: string | null | undefined,
  id: bigint | null | undefined,
): Problem | undefined => {
  if (isGiven(externalId) === (id !== undefined))
    return { code: 'NOT_ALLOWED', reason: 'must be given, or else `id`: exactly one of the two' };
  if (!isGiven(externalId) || isExternalId(externalId)) return undefined;
  return { code: 'MALFORMED', reason: 'must be 1 to 255 characters long, without NUL' };
};

export const isGiven = <Value>(value: Value | null | undefined): value is Value =>
  value !== null && value !== undefined;
