/** Users, as others may find them. */
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import type { UserFacts } from '../../log/event.js';
import { isPlaceholderEmail, isUsername } from './account-input.js';
import { BadUserInputError } from '../bad-user-input.js';
import { containing, emailKeyOf, searchWordsOf, usernameKeysOf } from '../keys.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import { isStorable } from '../text.js';
import { isAdmin, isStaff, type Viewer } from '../viewer.js';

export interface UserRow extends UserFacts {
  /** Not for everyone: see `emailOf`. */
  email: string;
  deactivatedAt: Date | null;
}

/** For statements that name the table `u`. */
export const USER_COLUMNS = `u.id, u.username, u.first_name AS "firstName", u.last_name AS "lastName", u.email,
  u.role::text AS role, u.created_at AS "createdAt", u.deactivated_at AS "deactivatedAt", u.avatar`;

/** `$1` is the keys that the username may have, the most likely first. */
export const ID_BY_USERNAME = `(SELECT id FROM "user" WHERE username_key = ANY($1::text[])
  ORDER BY array_position($1::text[], username_key) LIMIT 1)`;

/** The viewer's own, and anyone's for managers and administrators; otherwise null, as if the address were unknown. */
export const emailOf = (viewer: Pick<Viewer, 'id' | 'role'>, user: Pick<UserRow, 'id' | 'email'>): string | null =>
  (user.id === viewer.id || isStaff(viewer)) && !isPlaceholderEmail(user.email) ? user.email : null;

/** The viewer's own, and anyone's for managers and administrators; otherwise null. */
export const externalIdOf = (
  viewer: Pick<Viewer, 'id' | 'role'>,
  user: { id: bigint; externalId: string | null },
): string | null => (user.id === viewer.id || isStaff(viewer) ? user.externalId : null);

/** Whom a user can find: everyone, or with `shared` those with whom they share a chat. Managers and administrators find everyone. */
export type UserDirectory = 'everyone' | 'shared';

export interface Users {
  /** @returns in the order of `ids`, undefined for users who do not exist or whom the viewer cannot find; includes deactivated ones */
  byIds(viewer: Finder, ids: readonly bigint[]): Promise<(UserRow | undefined)[]>;
  /** As `byIds`, by a name in any case. */
  byUsername(viewer: Finder, username: string): Promise<UserRow | undefined>;
  /** By their id in the product that signs its own tokens. Managers and administrators find everyone by it, others themselves. */
  byExternalId(viewer: Finder, externalId: string): Promise<UserRow | undefined>;
  /**
   * A user named by a message or an event that the viewer was given, even if they cannot find them; one statement for all that are
   * asked for in one turn of the event loop. @throws an Error if the user is gone
   */
  named(id: bigint): Promise<UserRow>;
  /**
   * Users by username.
   *
   * @param search each of its words must be found in the username, first or last name, without regard to case and accents; for managers
   *   and administrators a search with an @ is found in e-mail addresses too; empty or null finds everyone
   * @param isActive false: deactivated users, whom only administrators find
   * @throws BadUserInputError for a malformed page or search
   */
  search(viewer: Finder, args: PageArgs & UserFilter): Promise<Connection<UserRow>>;
}

export interface UserFilter {
  search?: string | null;
  /** Null or absent: true. */
  isActive?: boolean | null;
}

export type Finder = Pick<Viewer, 'id' | 'role'>;

/** The operator, from the command line. */
export const OPERATOR: Finder = { id: 0n, role: 'ADMIN' };

const MAX_SEARCH_LENGTH = 200;
const byKey = createKeyset('users', 'ascending', [['u.username_key', 'text']]);

/** `$1` is the viewer's id, `$2` whether they find everyone. */
const CAN_FIND = `($2::boolean OR u.id = $1::bigint OR u.id IN (
  SELECT other.user_id FROM member mine JOIN member other ON other.chat_id = mine.chat_id WHERE mine.user_id = $1))`;

const SOME = `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.id = ANY($3::bigint[]) AND ${CAN_FIND}`;
const ONE = `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.username_key = ANY($3::text[]) AND ${CAN_FIND}
  ORDER BY array_position($3::text[], u.username_key) LIMIT 1`;
// An account just created by a node of an older version has no name key yet.
const IS_CALLED = `(coalesce(u.name_key, u.username_key) LIKE ALL ($3::text[]) OR u.email_key LIKE $4::text)`;
const BY_EXTERNAL_ID = `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.external_id = $1::text AND (u.id = $2::bigint OR $3::boolean)`;

export const createUsers = (db: Queryable, directory: UserDirectory = 'everyone'): Users => {
  const finderParams = (viewer: Finder) => [viewer.id, directory === 'everyone' || isStaff(viewer)];

  const byIds: Users['byIds'] = async (viewer, ids) => {
    const rows = await db.query<UserRow>(SOME, [...finderParams(viewer), ids]);
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id));
  };

  return {
    byIds,
    named: gather<bigint, UserRow>(
      async (ids) => (await byIds(OPERATOR, ids)).map((user) => user ?? new Error('The user is gone')),
      { keyOf: (id) => id },
    ),

    byUsername: async (viewer, username) => {
      if (!isUsername(username)) return undefined;
      return (await db.query<UserRow>(ONE, [...finderParams(viewer), usernameKeysOf(username)]))[0];
    },

    byExternalId: async (viewer, externalId) => {
      if (!isStorable(externalId)) return undefined;
      return (await db.query<UserRow>(BY_EXTERNAL_ID, [externalId, viewer.id, isStaff(viewer)]))[0];
    },

    search: async (viewer, { search, isActive, ...args }) => {
      const page = parsePage(byKey, args);
      const isCalled = patternsOf(viewer, search ?? '');
      const areActive = isActive ?? true;
      if (!areActive && !isAdmin(viewer)) return toConnection([], page, () => '');
      const { where, orderBy, limit, params } = pageSql(byKey, page, 5);
      const rows = await db.query<UserRow & { key: string }>(
        `SELECT ${USER_COLUMNS}, u.username_key AS key FROM "user" u
         WHERE u.deactivated_at IS ${areActive ? 'NULL' : 'NOT NULL'} AND ${CAN_FIND} AND ${where} AND ${IS_CALLED}
         ORDER BY ${orderBy} LIMIT ${limit}`,
        [...finderParams(viewer), ...isCalled, ...params],
      );
      return toConnection(rows, page, (row) => byKey.cursorOf([row.key]));
    },
  };
};

/** The patterns that all words must match, and the one for the whole text as an address: null for none. */
const patternsOf = (viewer: Finder, search: string): [words: string[], email: string | null] => {
  if (search.length > MAX_SEARCH_LENGTH)
    throw new BadUserInputError(`search must be at most ${MAX_SEARCH_LENGTH} long`);
  if (!isStorable(search)) throw new BadUserInputError('search holds characters that no text has');
  const isEmail = isStaff(viewer) && search.includes('@');
  return [searchWordsOf(search).map(containing), isEmail ? containing(emailKeyOf(search)) : null];
};
