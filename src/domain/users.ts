/** People, as others may find them. */
import type { Queryable } from '../db/database.js';
import type { UserFacts } from '../log/event.js';
import { isPlaceholderEmail, isUsername, usernameKeyOf } from './account-input.js';
import { BadUserInputError } from './bad-user-input.js';
import { createKeyset, pageSql, readPage, toConnection, type Connection, type PageArgs } from './page.js';
import { isStaff, type Viewer } from './viewer.js';

export interface UserRow extends UserFacts {
  /** Not for everyone's eyes: see `emailOf`. */
  email: string;
  deactivatedAt: Date | null;
}

/** For statements that name the table `u`. */
export const USER_COLUMNS = `u.id, u.username, u.first_name AS "firstName", u.last_name AS "lastName", u.email,
  u.role::text AS role, u.created_at AS "createdAt", u.deactivated_at AS "deactivatedAt"`;

/** The viewer's own, and anyone's for managers and administrators; otherwise null, as for one whose address is not known. */
export const emailOf = (viewer: Pick<Viewer, 'id' | 'role'>, user: Pick<UserRow, 'id' | 'email'>): string | null =>
  (user.id === viewer.id || isStaff(viewer)) && !isPlaceholderEmail(user.email) ? user.email : null;

/** Whom one can find: everyone, or with `shared` those with whom one shares a chat. Managers and administrators find everyone. */
export type UserDirectory = 'everyone' | 'shared';

export interface Users {
  /** @returns in the order of `ids`, undefined for one that there is not, or whom the viewer cannot find; deactivated ones too */
  byIds(viewer: Finder, ids: readonly bigint[]): Promise<(UserRow | undefined)[]>;
  /** As `byIds`, by a name in whatever case. */
  byUsername(viewer: Finder, username: string): Promise<UserRow | undefined>;
  /** Those whom a message or an event that the viewer was given names, whomever they can find. As `byIds` otherwise. */
  named(ids: readonly bigint[]): Promise<(UserRow | undefined)[]>;
  /**
   * Active users by username.
   *
   * @param search is found anywhere in the username, first name or last name, in any case; empty or null finds everyone
   * @throws BadUserInputError for a malformed page or search
   */
  search(viewer: Finder, args: PageArgs & { search?: string | null }): Promise<Connection<UserRow>>;
}

export type Finder = Pick<Viewer, 'id' | 'role'>;

/** The operator, from the command line. */
export const OPERATOR: Finder = { id: 0n, role: 'ADMIN' };

const LONGEST_SEARCH = 200;
const byKey = createKeyset('users', 'ascending', [['u.username_key', 'text']]);

/** `$1` is the viewer's id, `$2` whether they find everyone. */
const CAN_FIND = `($2::boolean OR u.id = $1::bigint OR u.id IN (
  SELECT other.user_id FROM member mine JOIN member other ON other.chat_id = mine.chat_id WHERE mine.user_id = $1))`;

const SOME = `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.id = ANY($3::bigint[]) AND ${CAN_FIND}`;
const ONE = `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.username_key = $3::text AND ${CAN_FIND}`;

export const createUsers = (db: Queryable, directory: UserDirectory = 'everyone'): Users => {
  const finderParams = (viewer: Finder) => [viewer.id, directory === 'everyone' || isStaff(viewer)];

  const byIds: Users['byIds'] = async (viewer, ids) => {
    const rows = await db.query<UserRow>(SOME, [...finderParams(viewer), ids]);
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id));
  };

  return {
    byIds,
    named: (ids) => byIds(OPERATOR, ids),

    byUsername: async (viewer, username) => {
      if (!isUsername(username)) return undefined;
      return (await db.query<UserRow>(ONE, [...finderParams(viewer), usernameKeyOf(username)]))[0];
    },

    search: async (viewer, { search, ...args }) => {
      const page = readPage(byKey, args);
      const { where, orderBy, limit, params } = pageSql(byKey, page, 5);
      // By position, not by pattern: nothing in what is searched for has a meaning of its own.
      const rows = await db.query<UserRow & { key: string }>(
        `SELECT ${USER_COLUMNS}, u.username_key AS key FROM "user" u
         WHERE u.deactivated_at IS NULL AND ${CAN_FIND} AND ${where} AND ($3::text = ''
           OR strpos(u.username_key, $3) > 0 OR strpos(lower(u.first_name), $3) > 0 OR strpos(lower(u.last_name), $3) > 0)
         ORDER BY ${orderBy} LIMIT $4::int`,
        [...finderParams(viewer), searchKeyOf(search ?? ''), limit, ...params],
      );
      return toConnection(rows, page, (row) => byKey.cursorOf([row.key]));
    },
  };
};

const searchKeyOf = (search: string): string => {
  if (search.length > LONGEST_SEARCH) throw new BadUserInputError(`search must be at most ${LONGEST_SEARCH} long`);
  if (/[\0\p{Surrogate}]/u.test(search)) throw new BadUserInputError('search holds characters that no text has');
  return usernameKeyOf(search.trim());
};
