/** The statements behind accounts. Unique constraints decide, so that of two concurrent requests only one gets the name. */
import { isUniqueViolation, type Database, type Queryable } from '../../db/database.js';
import type { Role } from '../../generated/prisma/enums.js';
import { cleanName } from './account-input.js';
import { InvalidInputError } from '../errors.js';
import { NO_AVATAR, wear } from '../worn-avatar.js';
import { accountKeysOf, cleanEmail, cleanUsername } from '../keys.js';
import { USER_COLUMNS, type UserRow } from './users.js';

export interface NewUser {
  username: string;
  email: string;
  firstName?: string;
  lastName?: string;
  /** Null for a user who cannot sign in with a password. */
  passwordHash: string | null;
  role?: Role;
}

/**
 * @param onSameName 'nothing' returns undefined if the username is taken
 * @throws InvalidInputError if the username or e-mail is taken
 */
export const insertUser = async (
  db: Queryable,
  user: NewUser,
  onSameName: 'fail' | 'nothing' = 'fail',
): Promise<UserRow | undefined> => {
  const account = cleanAccount(user);
  const { usernameKey, emailKey, nameKey } = accountKeysOf(account);
  const rows = await takenAsInvalid(() =>
    db.query<UserRow>(
      `INSERT INTO "user" AS u (username, username_key, email, email_key, first_name, last_name, name_key, password_hash, role)
       VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text::role)
       ${onSameName === 'nothing' ? 'ON CONFLICT (username_key) DO NOTHING' : ''}
       RETURNING ${USER_COLUMNS}`,
      [
        account.username,
        usernameKey,
        account.email,
        emailKey,
        account.firstName,
        account.lastName,
        nameKey,
        user.passwordHash,
        user.role ?? 'USER',
      ],
    ),
  );
  return rows[0];
};

const LOCK = `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.id = $1::bigint AND u.deactivated_at IS NULL FOR NO KEY UPDATE`;
// An unchanged address keeps its key, which may be an exact one (`exactKeyOf`).
const UPDATE = `UPDATE "user" u SET first_name = $2::text, last_name = $3::text, name_key = $4::text,
    email = coalesce($5::text, email), email_key = coalesce($6::text, email_key)
  WHERE id = $1::bigint RETURNING ${USER_COLUMNS}`;

/**
 * Undefined fields stay unchanged. BEGIN, two statements, one more for a picture, COMMIT.
 *
 * @returns undefined if the account is deactivated
 * @throws InvalidInputError if the e-mail is taken, or there is no such upload
 */
export const updateProfileOf = (
  db: Database,
  userId: bigint,
  changes: { firstName?: string; lastName?: string; email?: string; avatarUploadId?: bigint | null | undefined },
): Promise<UserRow | undefined> =>
  takenAsInvalid(() =>
    db.transaction(async (tx) => {
      const [before] = await tx.query<UserRow>(LOCK, [userId]);
      if (before === undefined) return undefined;
      const after = cleanAccount({
        username: before.username,
        email: changes.email ?? before.email,
        firstName: changes.firstName ?? before.firstName,
        lastName: changes.lastName ?? before.lastName,
      });
      if (changes.avatarUploadId !== undefined) {
        const worn = await wear(tx, { table: 'user', id: userId }, userId, changes.avatarUploadId);
        if (worn === undefined) throw new InvalidInputError([{ path: ['avatarUploadId'], ...NO_AVATAR }]);
      }
      const { nameKey, emailKey } = accountKeysOf(after);
      const email = after.email === before.email ? [null, null] : [after.email, emailKey];
      const [user] = await tx.query<UserRow>(UPDATE, [userId, after.firstName, after.lastName, nameKey, ...email]);
      return user;
    }),
  );

/** The fields as they are stored. */
export const cleanAccount = ({
  username,
  email,
  firstName,
  lastName,
}: {
  username: string;
  email: string;
  firstName?: string | undefined;
  lastName?: string | undefined;
}): { username: string; email: string; firstName: string; lastName: string } => ({
  username: cleanUsername(username),
  email: cleanEmail(email),
  firstName: cleanName(firstName ?? ''),
  lastName: cleanName(lastName ?? ''),
});

const takenAsInvalid = async <Result>(statement: () => Promise<Result>): Promise<Result> => {
  try {
    return await statement();
  } catch (error) {
    if (isUniqueViolation(error, 'user_username_key_key')) throw taken('username');
    if (isUniqueViolation(error, 'user_email_key_key')) throw taken('email');
    throw error;
  }
};

const taken = (field: string) => new InvalidInputError([{ path: [field], code: 'TAKEN', reason: 'is taken' }]);
