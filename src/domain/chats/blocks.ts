/** Blocks: while one of two people has blocked the other, no direct messages go between them, and no dialog of theirs is opened. */
import type { Database, Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import { USER_COLUMNS, type UserRow, type Users } from '../accounts/users.js';
import { InvalidInputError, NotFoundError, RateLimitedError } from '../errors.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import type { RateLimits } from '../rate-limits.js';
import type { Viewer } from '../viewer.js';
import { directKey } from './new-chat.js';

export interface Blocks {
  /**
   * Blocks another user, who is not told. Idempotent.
   *
   * @param userId null if the id did not decode
   * @throws InvalidInputError for oneself, and for more than 10,000; NotFoundError if the viewer cannot find that user; RateLimitedError
   */
  block(viewer: Viewer, userId: bigint | null): Promise<UserRow>;
  /** Idempotent. @throws NotFoundError if the viewer can neither find that user nor has blocked them; RateLimitedError */
  unblock(viewer: Viewer, userId: bigint | null): Promise<UserRow>;
  /** Whether the viewer has blocked them; one statement for all that are asked for in one turn of the event loop. */
  isBlocked(viewer: Pick<Viewer, 'id'>, userId: bigint): Promise<boolean>;
  /** Whom the viewer has blocked, in the order of their accounts. @throws BadUserInputError for a malformed page */
  list(viewer: Pick<Viewer, 'id'>, args: PageArgs): Promise<Connection<UserRow>>;
}

export interface BlocksOptions {
  db: Database;
  limits: RateLimits;
  users: Pick<Users, 'byIds'>;
}

const MOST = 10_000;

const byAccount = createKeyset('blockedUsers', 'ascending', [['block.blocked_id', 'bigint']]);

/** In one order, so that two who block each other at once wait instead of deadlocking. */
const LOCK_PAIR = `SELECT FROM "user" WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE`;
const OWN = `SELECT count(*)::int AS count, coalesce(bool_or(blocked_id = $2), false) AS "isThere" FROM block WHERE user_id = $1`;
const BLOCK = `INSERT INTO block (user_id, blocked_id) VALUES ($1, $2)`;
const UNBLOCK = `DELETE FROM block WHERE user_id = $1 AND blocked_id = $2 RETURNING user_id`;
const EITHER = `EXISTS (SELECT FROM block WHERE (user_id, blocked_id) IN (($1::bigint, $2::bigint), ($2::bigint, $1::bigint)))`;
/** Waits for a message that is being sent there; the next one finds it. */
const MARK_CHAT = `UPDATE chat SET is_blocked = ${EITHER}
  WHERE id = (SELECT chat_id FROM chat_key WHERE key = $3) AND is_blocked <> ${EITHER}`;
const HOLD_PAIR = `SELECT FROM "user" WHERE id = $1 FOR SHARE`;
const IS_EITHER = `SELECT ${EITHER} AS "isBlocked"`;
const ASKED = `SELECT asked.n::int AS n FROM unnest((SELECT $1::bigint[]), (SELECT $2::bigint[])) WITH ORDINALITY AS asked(user_id, blocked_id, n)
  JOIN block ON block.user_id = asked.user_id AND block.blocked_id = asked.blocked_id`;
const ONE = `SELECT ${USER_COLUMNS} FROM "user" u JOIN block ON block.blocked_id = u.id WHERE block.user_id = $1 AND u.id = $2`;

/**
 * Whether one of two has blocked the other, which stays so until the transaction ends: blocking waits for the smaller one's row, too.
 * Two statements.
 */
export const holdUnblocked = async (tx: Queryable, one: bigint, other: bigint): Promise<boolean> => {
  await tx.query(HOLD_PAIR, [one < other ? one : other]);
  // A statement of its own: its snapshot is from after the wait.
  const [row] = await tx.query<{ isBlocked: boolean }>(IS_EITHER, [one, other]);
  return !row!.isBlocked;
};

export const createBlocks = ({ db, limits, users }: BlocksOptions): Blocks => {
  const isBlocked = gather<{ viewerId: bigint; userId: bigint }, boolean>(
    async (asked) => {
      const params = [asked.map(({ viewerId }) => viewerId), asked.map(({ userId }) => userId)];
      const found = new Set((await db.query<{ n: number }>(ASKED, params)).map(({ n }) => n));
      return asked.map((_one, index) => found.has(index + 1));
    },
    { keyOf: ({ viewerId, userId }) => `${viewerId} ${userId}` },
  );

  /** @param change tells whether anything changed */
  const changing = async (viewer: Viewer, userId: bigint, change: (tx: Queryable) => Promise<boolean>) => {
    const taken = await limits.take('block', String(viewer.id));
    const work = async (tx: Queryable) => {
      await tx.query(LOCK_PAIR, [[viewer.id, userId]]);
      if (!(await change(tx))) return false;
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
      await tx.query(MARK_CHAT, [viewer.id, userId, directKey(viewer.id, userId)]);
      return true;
    };
    let isChanged = false;
    try {
      isChanged = await db.transaction(work);
    } finally {
      if (taken.allowed && !isChanged) taken.giveBack();
    }
  };

  return {
    // One statement, BEGIN, two, two more if it is new, COMMIT.
    block: async (viewer, userId) => {
      if (userId === viewer.id) throw invalid('NOT_ALLOWED', 'must be somebody else');
      const [other] = userId === null ? [] : await users.byIds(viewer, [userId]);
      if (!other) throw new NotFoundError('User');
      await changing(viewer, other.id, async (tx) => {
        const [own] = await tx.query<{ count: number; isThere: boolean }>(OWN, [viewer.id, other.id]);
        if (own!.isThere) return false;
        if (own!.count >= MOST) throw invalid('TOO_MANY', `may be one of at most ${MOST}`, MOST);
        await tx.query(BLOCK, [viewer.id, other.id]);
        return true;
      });
      return other;
    },

    // One statement or two, BEGIN, two, one more if there was a block, COMMIT.
    unblock: async (viewer, userId) => {
      if (userId === null) throw new NotFoundError('User');
      const [blocked] = await db.query<UserRow>(ONE, [viewer.id, userId]);
      if (blocked === undefined) {
        const [other] = await users.byIds(viewer, [userId]);
        if (!other) throw new NotFoundError('User');
        return other;
      }
      await changing(viewer, userId, async (tx) => (await tx.query(UNBLOCK, [viewer.id, userId])).length > 0);
      return blocked;
    },

    isBlocked: (viewer, userId) => isBlocked({ viewerId: viewer.id, userId }),

    list: async (viewer, args) => {
      const page = parsePage(byAccount, args);
      const { where, orderBy, limit, params } = pageSql(byAccount, page, 2);
      const rows = await db.query<UserRow>(
        `SELECT ${USER_COLUMNS} FROM block JOIN "user" u ON u.id = block.blocked_id
         WHERE block.user_id = $1 AND ${where} ORDER BY ${orderBy} LIMIT ${limit}`,
        [viewer.id, ...params],
      );
      return toConnection(rows, page, ({ id }) => byAccount.cursorOf([id]));
    },
  };
};

const invalid = (code: 'NOT_ALLOWED' | 'TOO_MANY', reason: string, limit?: number) =>
  new InvalidInputError([{ path: ['userId'], code, reason, ...(limit !== undefined && { limit }) }]);
