/** People, as others may find them. */
import type { Queryable } from '../db/database.js';
import type { UserFacts } from '../log/event.js';
import { isUsername, usernameKeyOf } from './account-input.js';
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

/** The viewer's own, and anyone's for managers and administrators; otherwise null. */
export const emailOf = (viewer: Pick<Viewer, 'id' | 'role'>, user: Pick<UserRow, 'id' | 'email'>): string | null =>
  user.id === viewer.id || isStaff(viewer) ? user.email : null;

export interface Users {
  /** @returns in the order of `ids`, undefined for one that there is not; deactivated ones too: their messages stay */
  byIds(ids: readonly bigint[]): Promise<(UserRow | undefined)[]>;
  /** Whatever case it is written in; deactivated ones too. */
  byUsername(username: string): Promise<UserRow | undefined>;
  /**
   * Active users by username.
   *
   * @param search is found anywhere in the username, first name or last name, in any case; empty or null finds everyone
   * @throws BadUserInputError for a malformed page or search
   */
  search(args: PageArgs & { search?: string | null }): Promise<Connection<UserRow>>;
}

const LONGEST_SEARCH = 200;
const byKey = createKeyset('users', 'ascending', [['u.username_key', 'text']]);

export const createUsers = (db: Queryable): Users => ({
  byIds: async (ids) => {
    const rows = await db.query<UserRow>(`SELECT ${USER_COLUMNS} FROM "user" u WHERE u.id = ANY($1::bigint[])`, [ids]);
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id));
  },

  byUsername: async (username) => {
    if (!isUsername(username)) return undefined;
    const rows = await db.query<UserRow>(`SELECT ${USER_COLUMNS} FROM "user" u WHERE u.username_key = $1::text`, [
      usernameKeyOf(username),
    ]);
    return rows[0];
  },

  search: async ({ search, ...args }) => {
    const page = readPage(byKey, args);
    const { where, orderBy, limit, params } = pageSql(byKey, page, 3);
    // By position, not by pattern: nothing in what is searched for has a meaning of its own.
    const rows = await db.query<UserRow & { key: string }>(
      `SELECT ${USER_COLUMNS}, u.username_key AS key FROM "user" u
       WHERE u.deactivated_at IS NULL AND ${where} AND ($1::text = ''
         OR strpos(u.username_key, $1) > 0 OR strpos(lower(u.first_name), $1) > 0 OR strpos(lower(u.last_name), $1) > 0)
       ORDER BY ${orderBy} LIMIT $2::int`,
      [searchKeyOf(search ?? ''), limit, ...params],
    );
    return toConnection(rows, page, (row) => byKey.cursorOf([row.key]));
  },
});

const searchKeyOf = (search: string): string => {
  if (search.length > LONGEST_SEARCH) throw new BadUserInputError(`search must be at most ${LONGEST_SEARCH} long`);
  if (/[\0\p{Surrogate}]/u.test(search)) throw new BadUserInputError('search holds characters that no text has');
  return usernameKeyOf(search.trim());
};
