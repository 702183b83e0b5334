/** The statements behind accounts: each check is the constraint's, so that of two at once one gets the name. */
import { isUniqueViolation, type Queryable } from '../db/database.js';
import type { Role } from '../generated/prisma/enums.js';
import { emailKeyOf, normalised, usernameKeyOf } from './account-input.js';
import { InvalidInputError } from './errors.js';
import { USER_COLUMNS, type UserRow } from './users.js';

export interface NewUser {
  username: string;
  email: string;
  firstName?: string;
  lastName?: string;
  /** Null for one who cannot sign in with a password. */
  passwordHash: string | null;
  role?: Role;
}

/**
 * @param onSameName 'nothing' returns undefined where the username is taken
 * @throws InvalidInputError for a username or e-mail that is taken
 */
export const insertUser = async (
  db: Queryable,
  user: NewUser,
  onSameName: 'fail' | 'nothing' = 'fail',
): Promise<UserRow | undefined> => {
  const rows = await takenAsInvalid(() =>
    db.query<UserRow>(
      `INSERT INTO "user" AS u (username, username_key, email, email_key, first_name, last_name, password_hash, role)
       VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text::role)
       ${onSameName === 'nothing' ? 'ON CONFLICT (username_key) DO NOTHING' : ''}
       RETURNING ${USER_COLUMNS}`,
      [
        normalised(user.username),
        usernameKeyOf(user.username),
        user.email,
        emailKeyOf(user.email),
        user.firstName ?? '',
        user.lastName ?? '',
        user.passwordHash,
        user.role ?? 'USER',
      ],
    ),
  );
  return rows[0];
};

/** Fields that are undefined stay as they are. */
export const updateProfileOf = async (
  db: Queryable,
  userId: bigint,
  { firstName, lastName, email }: { firstName?: string; lastName?: string; email?: string },
): Promise<UserRow | undefined> => {
  const rows = await takenAsInvalid(() =>
    db.query<UserRow>(
      `UPDATE "user" u SET first_name = coalesce($2::text, first_name), last_name = coalesce($3::text, last_name),
         email = coalesce($4::text, email), email_key = coalesce($5::text, email_key)
       WHERE id = $1::bigint AND deactivated_at IS NULL RETURNING ${USER_COLUMNS}`,
      [userId, firstName ?? null, lastName ?? null, email ?? null, email === undefined ? null : emailKeyOf(email)],
    ),
  );
  return rows[0];
};

const takenAsInvalid = async <Result>(statement: () => Promise<Result>): Promise<Result> => {
  try {
    return await statement();
  } catch (error) {
    if (isUniqueViolation(error, 'user_username_key_key')) throw taken('username');
    if (isUniqueViolation(error, 'user_email_key_key')) throw taken('email');
    throw error;
  }
};

const taken = (field: string) => new InvalidInputError([{ path: [field], reason: 'is taken' }]);
