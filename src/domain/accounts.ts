/** Accounts: made by their owners, signed in to, changed. An unknown name, a wrong password and a deactivated account look alike. */
import { createHash } from 'node:crypto';
import type { Database } from '../db/database.js';
import { checkAccountInput, isUsername, usernameKeyOf } from './account-input.js';
import { insertUser, updateProfileOf } from './account-store.js';
import { isDjangoHash } from './django-passwords.js';
import {
  ForbiddenError,
  InvalidCredentialsError,
  InvalidInputError,
  InvalidTokenError,
  RateLimitedError,
} from './errors.js';
import { originKeyOf } from './origin-key.js';
import type { Passwords } from './passwords.js';
import type { RateLimitKind, RateLimits } from './rate-limits.js';
import type { OpenedSession, Sessions } from './sessions.js';
import { USER_COLUMNS, type UserRow } from './users.js';
import { mustBePerson, mustBeSession, type Viewer } from './viewer.js';

/** Where a request came from; null where that is not known, and then not counted. */
export interface Origin {
  address: string | null;
}

export interface SignedIn {
  session: OpenedSession;
  user: UserRow;
}

export interface RegisterInput {
  username: string;
  password: string;
  email: string;
  firstName?: string | null | undefined;
  lastName?: string | null | undefined;
}

/** Absent stays; null clears what may be empty. */
export interface UpdateProfileInput {
  firstName?: string | null | undefined;
  lastName?: string | null | undefined;
  email?: string | null | undefined;
}

export interface Accounts {
  /** Registered is signed in. @throws InvalidInputError, RateLimitedError; ForbiddenError where passwords are turned off, as the two below */
  register(input: RegisterInput, origin: Origin): Promise<SignedIn>;
  /** @throws InvalidCredentialsError, RateLimitedError */
  logIn(input: { username: string; password: string }, origin: Origin): Promise<SignedIn>;
  /** @throws InvalidTokenError, RateLimitedError */
  refreshSession(input: { refreshToken: string }, origin: Origin): Promise<SignedIn>;
  /** @returns how many sessions ended. @throws ForbiddenError where the viewer has none */
  logOut(viewer: Viewer, input: { everywhere?: boolean | null | undefined }): Promise<number>;
  /**
   * Ends the viewer's other sessions; this one goes on with new tokens, its old refresh token is worth nothing any more.
   *
   * @throws InvalidCredentialsError where the current password is not that, InvalidInputError, RateLimitedError;
   *   ForbiddenError where the viewer has no session
   */
  changePassword(viewer: Viewer, input: { currentPassword: string; newPassword: string }): Promise<SignedIn>;
  /** @throws InvalidInputError; ForbiddenError for an API token, and where the account was just deactivated */
  updateProfile(viewer: Viewer, input: UpdateProfileInput): Promise<UserRow>;
}

export interface AccountsOptions {
  db: Database;
  sessions: Sessions;
  passwords: Passwords;
  limits: RateLimits;
  /** False: nobody registers or signs in with a password. */
  passwordLogin: boolean;
}

type UserWithHash = UserRow & { passwordHash: string | null };

export const createAccounts = ({ db, sessions, passwords, limits, passwordLogin }: AccountsOptions): Accounts => {
  /** @returns gives back what was taken */
  const take = async (kind: RateLimitKind, key: string | null): Promise<() => void> => {
    if (key === null) return () => undefined;
    const taken = await limits.take(kind, key);
    if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
    return taken.giveBack;
  };

  /** @throws RateLimitedError */
  const takeSignIn = async (username: string, origin: Origin): Promise<() => void> => {
    const giveBackFrom = await take('signInFrom', keyOf(origin));
    try {
      const giveBackAs = await take('signInAs', signInKeyOf(username));
      return () => {
        giveBackFrom();
        giveBackAs();
      };
    } catch (error) {
      giveBackFrom();
      throw error;
    }
  };

  const userBy = async (column: 'id' | 'username_key', value: bigint | string): Promise<UserWithHash | undefined> => {
    const rows = await db.query<UserWithHash>(
      `SELECT ${USER_COLUMNS}, u.password_hash AS "passwordHash" FROM "user" u WHERE u.${column} = $1`,
      [value],
    );
    return rows[0];
  };

  /** @throws ForbiddenError */
  const mustTakePasswords = () => {
    if (!passwordLogin) throw new ForbiddenError('Passwords are turned off here: sign in where this chat belongs to');
  };

  const checkPassword = (user: UserWithHash | undefined, password: string) =>
    user ? passwords.verify(user.passwordHash, password) : passwords.verifyNobody(password);

  /** @throws InvalidCredentialsError, RateLimitedError */
  const userWith = async (username: string, password: string): Promise<UserWithHash> => {
    // A name that nobody can have is not worth the database's refusal of it, but the same work.
    const user = isUsername(username) ? await userBy('username_key', usernameKeyOf(username)) : undefined;
    const isRight = await checkPassword(user, password);
    if (!user || !isRight || user.deactivatedAt !== null) throw new InvalidCredentialsError();
    if (user.passwordHash === null || !isDjangoHash(user.passwordHash)) return user;

    const passwordHash = await passwords.hash(password);
    const replaced = await db.query(
      `UPDATE "user" SET password_hash = $3::text WHERE id = $1::bigint AND password_hash = $2::text RETURNING id`,
      [user.id, user.passwordHash, passwordHash],
    );
    // Otherwise somebody was faster: a sign-in like this one, or a change of the password. It is ours then.
    return replaced.length > 0 ? { ...user, passwordHash } : userWith(username, password);
  };

  const signedIn = (session: OpenedSession, { passwordHash: _, ...user }: UserWithHash): SignedIn => ({
    session,
    user,
  });

  return {
    register: async (input, origin) => {
      const { username, password, email } = input;
      const firstName = input.firstName ?? '';
      const lastName = input.lastName ?? '';
      checkAccountInput({ username, password, email, firstName, lastName });
      mustTakePasswords();
      await take('registerFrom', keyOf(origin));

      const passwordHash = await passwords.hash(password);
      // Together, so that an account is never there without its owner having been told.
      return db.transaction(async (tx) => {
        const user = (await insertUser(tx, { username, email, firstName, lastName, passwordHash }))!;
        const session = (await sessions.open(user.id, passwordHash, tx))!;
        return { session, user };
      });
    },

    logIn: async ({ username, password }, origin) => {
      mustTakePasswords();
      const giveBack = await takeSignIn(username, origin);
      const user = await userWith(username, password);
      const session = await sessions.open(user.id, user.passwordHash);
      if (!session) throw new InvalidCredentialsError();
      giveBack();
      return signedIn(session, user);
    },

    refreshSession: async ({ refreshToken }, origin) => {
      await take('refreshFrom', keyOf(origin));

      const session = await sessions.refresh(refreshToken);
      const user = await userBy('id', session.userId);
      if (!user) throw new InvalidTokenError();
      return signedIn(session, user);
    },

    logOut: async (viewer, { everywhere }) => {
      const { sessionId } = mustBeSession(viewer);
      if (everywhere) return sessions.endAll(viewer.id);
      return (await sessions.end(sessionId)) ? 1 : 0;
    },

    changePassword: async (viewer, { currentPassword, newPassword }) => {
      checkAccountInput({ newPassword });
      const { sessionId } = mustBeSession(viewer);
      mustTakePasswords();
      const user = await userBy('id', viewer.id);
      if (!user) throw new InvalidCredentialsError();
      // Guessing is counted with guessing at the door.
      const giveBack = await takeSignIn(user.username, { address: null });
      if (!(await passwords.verify(user.passwordHash, currentPassword))) throw new InvalidCredentialsError();

      const passwordHash = await passwords.hash(newPassword);
      const { session, ended } = await db.transaction(async (tx) => {
        // The user first, and sessions in a later statement: those opened with the old password are waited for, and seen.
        const changed = await tx.query(
          `UPDATE "user" SET password_hash = $3::text
           WHERE id = $1::bigint AND password_hash = $2::text AND deactivated_at IS NULL RETURNING id`,
          [viewer.id, user.passwordHash, passwordHash],
        );
        if (changed.length === 0) throw new InvalidCredentialsError();
        const ended = await sessions.endWithin(tx, viewer.id, sessionId);
        const session =
          (await sessions.renew(viewer.id, sessionId, tx)) ?? (await sessions.open(viewer.id, passwordHash, tx));
        if (!session) throw new InvalidCredentialsError();
        return { session, ended };
      });
      sessions.announce({ sessionIds: ended, userIds: [] });
      giveBack();
      return signedIn(session, user);
    },

    updateProfile: async (viewer, input) => {
      if (input.email === null) {
        throw new InvalidInputError([{ path: ['email'], reason: 'must be an e-mail address' }]);
      }
      const changes = { email: input.email, firstName: orEmpty(input.firstName), lastName: orEmpty(input.lastName) };
      checkAccountInput(changes);
      mustBePerson(viewer);
      const user = await updateProfileOf(db, viewer.id, changes);
      if (!user) throw new ForbiddenError('This account is deactivated');
      return user;
    },
  };
};

const orEmpty = (text: string | null | undefined) => (text === null ? '' : text);

const keyOf = ({ address }: Origin) => address && originKeyOf(address);

// Hashed: any text may be tried as a name, and none of it needs to lie about in Redis.
const signInKeyOf = (username: string) =>
  createHash('sha256')
    .update(usernameKeyOf(username.slice(0, 128)))
    .digest('base64url');
