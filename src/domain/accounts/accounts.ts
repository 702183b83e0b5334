/** Accounts: registering, signing in, changing one's own. Unknown name, wrong password and deactivated account get the same answer. */
import { createHash } from 'node:crypto';
import type { Database } from '../../db/database.js';
import { checkAccountInput, isEmail, isUsername, NO_EMAIL_PROBLEM } from './account-input.js';
import { insertUser, updateProfileOf } from './account-store.js';
import { isDjangoHash } from './django-passwords.js';
import {
  ForbiddenError,
  InvalidCredentialsError,
  InvalidInputError,
  InvalidTokenError,
  RateLimitedError,
} from '../errors.js';
import { emailKeyOf, emailKeysOf, usernameKeyOf, usernameKeysOf } from '../keys.js';
import { originKeyOf } from './origin-key.js';
import type { Passwords } from './passwords.js';
import type { RateLimitKind, RateLimits } from '../rate-limits.js';
import type { OpenedSession, Sessions } from './sessions.js';
import { USER_COLUMNS, type UserRow } from './users.js';
import { mustBePerson, mustBeSession, type Viewer } from '../viewer.js';

/** Where a request came from; null if unknown, and then not rate limited. */
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

/** Absent: unchanged; null clears fields that may be empty. */
export interface UpdateProfileInput {
  firstName?: string | null | undefined;
  lastName?: string | null | undefined;
  email?: string | null | undefined;
  /** An upload of theirs. */
  avatarUploadId?: bigint | null | undefined;
}

export interface Accounts {
  /** Registers, and signs in. @throws InvalidInputError, RateLimitedError; ForbiddenError if password login is off; the two below too */
  register(input: RegisterInput, origin: Origin): Promise<SignedIn>;
  /** @param input `username` may be the e-mail address instead. @throws InvalidCredentialsError, RateLimitedError */
  logIn(input: { username: string; password: string }, origin: Origin): Promise<SignedIn>;
  /** @throws InvalidTokenError, RateLimitedError */
  refreshSession(input: { refreshToken: string }, origin: Origin): Promise<SignedIn>;
  /** @returns how many sessions ended. @throws ForbiddenError if the viewer has no session */
  logOut(viewer: Viewer, input: { everywhere?: boolean | null | undefined }): Promise<number>;
  /**
   * Ends the viewer's other sessions; this one continues with new tokens, and its previous refresh tokens are revoked.
   *
   * @throws InvalidCredentialsError if the current password is wrong, InvalidInputError, RateLimitedError;
   *   ForbiddenError if the viewer has no session
   */
  changePassword(viewer: Viewer, input: { currentPassword: string; newPassword: string }): Promise<SignedIn>;
  /** @throws InvalidInputError; ForbiddenError for an API token, and if the account was just deactivated */
  updateProfile(viewer: Viewer, input: UpdateProfileInput): Promise<UserRow>;
}

export interface AccountsOptions {
  db: Database;
  sessions: Sessions;
  passwords: Passwords;
  limits: RateLimits;
  /** False: nobody can register or sign in with a password. */
  passwordLogin: boolean;
}

const WITH_HASH = `SELECT ${USER_COLUMNS}, u.password_hash AS "passwordHash" FROM "user" u`;
const BY_ID = `${WITH_HASH} WHERE u.id = $1::bigint`;
// A username takes precedence: an imported one may look like another account's address.
const BY_NAME = `${WITH_HASH} WHERE u.username_key = ANY($1::text[]) OR u.email_key = ANY($2::text[])
  ORDER BY array_position($1::text[], u.username_key), array_position($2::text[], u.email_key) LIMIT 1`;

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
  const takeSignIn = async <User extends UserRow | undefined>(
    origin: Origin,
    find: () => Promise<User>,
    name = '',
  ): Promise<{ user: User; giveBack: () => void }> => {
    const giveBackFrom = await take('signInFrom', keyOf(origin));
    try {
      const user = await find();
      const giveBackAs = await take('signInAs', signInKeyOf(user, name));
      const giveBack = () => {
        giveBackFrom();
        giveBackAs();
      };
      return { user, giveBack };
    } catch (error) {
      giveBackFrom();
      throw error;
    }
  };

  const userById = async (id: bigint) => (await db.query<UserWithHash>(BY_ID, [id]))[0];

  /** @param name a username or an e-mail address; a name that cannot be either is not looked up */
  const userNamed = async (name: string): Promise<UserWithHash | undefined> => {
    const usernameKeys = isUsername(name) ? usernameKeysOf(name) : [];
    const emailKeys = isEmail(name) ? emailKeysOf(name) : [];
    if (usernameKeys.length + emailKeys.length === 0) return undefined;
    return (await db.query<UserWithHash>(BY_NAME, [usernameKeys, emailKeys]))[0];
  };

  /** @throws ForbiddenError */
  const mustTakePasswords = () => {
    if (!passwordLogin) throw new ForbiddenError('Passwords are turned off here: sign in where this chat belongs to');
  };

  const checkPassword = (user: UserWithHash | undefined, password: string) =>
    user ? passwords.verify(user.passwordHash, password) : passwords.verifyNobody(password);

  /** @throws InvalidCredentialsError, RateLimitedError */
  const mustBeTheirs = async (user: UserWithHash | undefined, password: string): Promise<UserWithHash> => {
    const isRight = await checkPassword(user, password);
    if (!user || !isRight || user.deactivatedAt !== null) throw new InvalidCredentialsError(user?.id);
    if (user.passwordHash === null || !isDjangoHash(user.passwordHash)) return user;

    const passwordHash = await passwords.hash(password);
    const replaced = await db.query(
      `UPDATE "user" SET password_hash = $3::text WHERE id = $1::bigint AND password_hash = $2::text RETURNING id`,
      [user.id, user.passwordHash, passwordHash],
    );
    // Otherwise somebody was faster, with a sign-in like this one or a password change: check the new hash.
    return replaced.length > 0 ? { ...user, passwordHash } : mustBeTheirs(await userById(user.id), password);
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
      // In one transaction: if the session fails, no account remains that its owner does not know of.
      return db.transaction(async (tx) => {
        const user = (await insertUser(tx, { username, email, firstName, lastName, passwordHash }))!;
        const session = (await sessions.open(user.id, passwordHash, tx))!;
        return { session, user };
      });
    },

    logIn: async ({ username, password }, origin) => {
      mustTakePasswords();
      const { user: found, giveBack } = await takeSignIn(origin, () => userNamed(username), username);
      const user = await mustBeTheirs(found, password);
      const session = await sessions.open(user.id, user.passwordHash);
      if (!session) throw new InvalidCredentialsError(user.id);
      giveBack();
      return signedIn(session, user);
    },

    refreshSession: async ({ refreshToken }, origin) => {
      await take('refreshFrom', keyOf(origin));

      const session = await sessions.refresh(refreshToken, origin.address);
      const user = await userById(session.userId);
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
      const user = await userById(viewer.id);
      if (!user) throw new InvalidCredentialsError();
      // Wrong guesses here count with wrong guesses at sign-in.
      const { giveBack } = await takeSignIn({ address: null }, () => Promise.resolve(user));
      if (!(await passwords.verify(user.passwordHash, currentPassword))) throw new InvalidCredentialsError();

      const passwordHash = await passwords.hash(newPassword);
      const { session, ended } = await db.transaction(async (tx) => {
        // The user first, and sessions in a later statement: it waits for sessions opened with the old password, and sees them.
        const changed = await tx.query(
          `UPDATE "user" SET password_hash = $3::text
           WHERE id = $1::bigint AND password_hash = $2::text AND deactivated_at IS NULL RETURNING id`,
          [viewer.id, user.passwordHash, passwordHash],
        );
        if (changed.length === 0) throw new InvalidCredentialsError();
        const ended = await sessions.endWithin(tx, [viewer.id], sessionId);
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
        throw new InvalidInputError([{ path: ['email'], ...NO_EMAIL_PROBLEM }]);
      }
      const changes = { email: input.email, firstName: orEmpty(input.firstName), lastName: orEmpty(input.lastName) };
      checkAccountInput(changes);
      mustBePerson(viewer);
      const user = await updateProfileOf(db, viewer.id, { ...changes, avatarUploadId: input.avatarUploadId });
      if (!user) throw new ForbiddenError('This account is deactivated');
      return user;
    },
  };
};

const orEmpty = (text: string | null | undefined) => (text === null ? '' : text);

const keyOf = ({ address }: Origin) => address && originKeyOf(address);

/**
 * The account's key, whichever of its names was used; for an unknown account the normalised name. Hashed: any text may be tried
 * as a name, and it need not be stored in Redis.
 */
const signInKeyOf = (user: UserRow | undefined, name: string) =>
  createHash('sha256')
    .update(user ? `user ${user.id}` : `name ${nameTriedOf(name.slice(0, 320))}`)
    .digest('base64url');

const nameTriedOf = (name: string) => (name.includes('@') ? emailKeyOf(name) : usernameKeyOf(name));
