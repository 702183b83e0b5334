/** Access tokens issued by a program for the users of a product that has no tokens of its own. */
import type { Queryable } from '../../db/database.js';
import type { Role } from '../../generated/prisma/enums.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../errors.js';
import type { Tokens } from './tokens.js';
import { USER_COLUMNS, type UserRow } from './users.js';
import { isAdmin, mustAdminister, type Viewer } from '../viewer.js';

export interface UserToken {
  accessToken: string;
  expiresAt: Date;
  user: UserRow;
}

export interface UserTokens {
  /**
   * Shown as an access token, and valid until it expires, or until the user is deactivated or becomes an administrator. It has no
   * session, and with it nobody can administer, create API tokens or issue another one.
   *
   * Never issued for an administrator: an administrator's actions must be their own, even if somebody gets hold of an API token.
   *
   * @param userId null if it did not decode
   * @param minutes 1 to 1,440
   * @throws InvalidInputError, also for a deactivated user; NotFoundError, ForbiddenError
   */
  issue(viewer: Viewer, userId: bigint | null, minutes: number): Promise<UserToken>;
}

const MAX_MINUTES = 1440;

const FIND = `SELECT ${USER_COLUMNS}, me.role::text AS "myRole" FROM "user" u JOIN "user" me ON me.id = $1::bigint WHERE u.id = $2::bigint`;

/** One statement. */
export const createUserTokens = (db: Queryable, tokens: Pick<Tokens, 'issueForUser'>): UserTokens => ({
  issue: async (viewer, userId, minutes) => {
    if (minutes < 1 || minutes > MAX_MINUTES)
      throw new InvalidInputError([
        {
          path: ['minutes'],
          code: 'OUT_OF_RANGE',
          reason: `must be 1 to ${MAX_MINUTES}`,
          limit: minutes < 1 ? 1 : MAX_MINUTES,
        },
      ]);
    if (userId === null) throw new NotFoundError('User');
    const [found] = await db.query<UserRow & { myRole: Role }>(FIND, [viewer.id, userId]);
    if (found === undefined) throw new NotFoundError('User');
    const { myRole, ...user } = found;
    mustAdminister(viewer);
    if (!isAdmin({ role: myRole })) throw new ForbiddenError('Only administrators issue tokens');
    if (isAdmin(user)) throw new ForbiddenError('No token is issued for an administrator: they sign in themselves');
    if (user.deactivatedAt !== null)
      throw new InvalidInputError([{ path: ['userId'], code: 'NOT_ALLOWED', reason: 'must be an active user' }]);
    return { ...tokens.issueForUser(user, minutes), user };
  },
});
