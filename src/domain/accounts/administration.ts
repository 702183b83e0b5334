/** Account administration by an operator, from the command line. */
import type { Database, Queryable } from '../../db/database.js';
import { checkAccountInput, isUsername } from './account-input.js';
import { insertUser } from './account-store.js';
import { NotFoundError } from '../errors.js';
import { usernameKeysOf } from '../keys.js';
import type { Passwords } from './passwords.js';
import type { Sessions } from './sessions.js';
import { ID_BY_USERNAME, USER_COLUMNS, type UserRow } from './users.js';

export interface NewAdministrator {
  username: string;
  email: string;
  password: string;
}

export interface Administration {
  /**
   * Creates an administrator; an existing user of that name becomes one, and keeps their password and e-mail.
   *
   * @throws InvalidInputError
   */
  createAdministrator(
    input: NewAdministrator,
  ): Promise<{ outcome: 'created' | 'promoted' | 'unchanged'; user: UserRow }>;
  /**
   * Sets a user's password and ends all their sessions.
   *
   * @returns how many sessions were open
   * @throws InvalidInputError; NotFoundError if there is no such user
   */
  setPassword(username: string, password: string): Promise<number>;
}

export interface AdministrationOptions {
  db: Database;
  sessions: Sessions;
  passwords: Passwords;
}

/** Whether there is an active administrator. */
export const hasAdministrator = async (db: Queryable): Promise<boolean> => {
  const [row] = await db.query<{ isThere: boolean }>(
    `SELECT EXISTS (SELECT FROM "user" WHERE role = 'ADMIN' AND deactivated_at IS NULL) AS "isThere"`,
  );
  return row!.isThere;
};

export const createAdministration = ({ db, sessions, passwords }: AdministrationOptions): Administration => ({
  createAdministrator: async ({ username, email, password }) => {
    checkAccountInput({ username, email, password });
    const passwordHash = await passwords.hash(password);
    const created = await insertUser(db, { username, email, passwordHash, role: 'ADMIN' }, 'nothing');
    if (created) return { outcome: 'created', user: created };

    const promoted = await db.query<UserRow>(
      `UPDATE "user" u SET role = 'ADMIN', xid = pg_current_xact_id()
       WHERE id = ${ID_BY_USERNAME} AND role <> 'ADMIN' RETURNING ${USER_COLUMNS}`,
      [usernameKeysOf(username)],
    );
    if (promoted[0]) {
      sessions.announce({ sessionIds: [], userIds: [promoted[0].id] });
      return { outcome: 'promoted', user: promoted[0] };
    }
    const [user] = await db.query<UserRow>(`SELECT ${USER_COLUMNS} FROM "user" u WHERE id = ${ID_BY_USERNAME}`, [
      usernameKeysOf(username),
    ]);
    return { outcome: 'unchanged', user: user! };
  },

  setPassword: async (username, password) => {
    checkAccountInput({ password });
    if (!isUsername(username)) throw new NotFoundError('User');
    const passwordHash = await passwords.hash(password);
    const ended = await db.transaction(async (tx) => {
      // The user first: this waits for sessions opened with the old password, and the next statement sees them.
      const [user] = await tx.query<{ id: bigint }>(
        `UPDATE "user" SET password_hash = $2::text WHERE id = ${ID_BY_USERNAME} RETURNING id`,
        [usernameKeysOf(username), passwordHash],
      );
      if (!user) throw new NotFoundError('User');
      return sessions.endWithin(tx, [user.id]);
    });
    sessions.announce({ sessionIds: ended, userIds: [] });
    return ended.length;
  },
});
