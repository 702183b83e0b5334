/**
 * Whether somebody is online, and when they were last seen: for themselves, and for those who share a chat with them, unless they keep it
 * to themselves or one of the two has blocked the other.
 */
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import { ForbiddenError } from '../errors.js';
import { mustBePerson, type Viewer } from '../viewer.js';
import type { Online } from './online.js';

export interface PresenceState {
  isOnline: boolean;
  /** To a minute; null while online, and if they never were. */
  lastSeenAt: Date | null;
  /** False: the other nodes could not be asked. */
  isSure: boolean;
}

export interface UserPresence {
  /** Null if the viewer may not see it; one statement for all that are asked for in one turn of the event loop. */
  read(viewer: Pick<Viewer, 'id'>, userId: bigint): Promise<PresenceState | null>;
  /** Whether others may see the viewer's. */
  isVisible(viewer: Pick<Viewer, 'id'>): Promise<boolean>;
  /** @throws ForbiddenError for an API token, and if the account was just deactivated */
  setVisible(viewer: Viewer, isVisible: boolean): Promise<void>;
}

export interface UserPresenceOptions {
  db: Queryable;
  online: Online;
  /** False: nobody sees any. */
  isOn: boolean;
}

interface Pair {
  viewerId: bigint;
  userId: bigint;
}

const MOST_PAIRS = 5000;

const HAS_BLOCKED = (one: string, other: string) =>
  `EXISTS (SELECT FROM block WHERE block.user_id = asked.${one} AND block.blocked_id = asked.${other})`;
const SEEN = `SELECT asked.n::int AS n, presence.seen_at AS "seenAt"
  FROM unnest((SELECT $1::bigint[]), (SELECT $2::bigint[])) WITH ORDINALITY AS asked(viewer_id, user_id, n)
  LEFT JOIN presence ON presence.user_id = asked.user_id
  WHERE asked.viewer_id = asked.user_id OR (presence.is_hidden IS NOT TRUE
    AND EXISTS (SELECT FROM member mine JOIN member other ON other.chat_id = mine.chat_id AND other.user_id = asked.user_id
      WHERE mine.user_id = asked.viewer_id)
    AND NOT ${HAS_BLOCKED('viewer_id', 'user_id')} AND NOT ${HAS_BLOCKED('user_id', 'viewer_id')})`;
const IS_HIDDEN = 'SELECT FROM presence WHERE user_id = $1 AND is_hidden';
const SET_HIDDEN = `INSERT INTO presence (user_id, is_hidden) SELECT id, $2 FROM "user" WHERE id = $1 AND deactivated_at IS NULL
  ON CONFLICT (user_id) DO UPDATE SET is_hidden = excluded.is_hidden RETURNING user_id`;

export const createUserPresence = ({ db, online, isOn }: UserPresenceOptions): UserPresence => {
  const read = gather<Pair, PresenceState | null>(
    async (asked) => {
      const params = [asked.map(({ viewerId }) => viewerId), asked.map(({ userId }) => userId)];
      const rows = await db.query<{ n: number; seenAt: Date | null }>(SEEN, params);
      const seen = new Map(rows.map(({ n, seenAt }) => [n - 1, seenAt]));
      const ids = new Set([...seen.keys()].map((index) => asked[index]!.userId));
      const { online: those, isSure } = await online.who([...ids]);
      return asked.map(({ userId }, index) => {
        const seenAt = seen.get(index);
        if (seenAt === undefined) return null;
        const isOnline = those.has(userId);
        return { isOnline, lastSeenAt: isOnline ? null : seenAt, isSure: isOnline || isSure };
      });
    },
    { most: MOST_PAIRS, keyOf: ({ viewerId, userId }) => `${viewerId} ${userId}` },
  );

  return {
    read: (viewer, userId) => (isOn ? read({ viewerId: viewer.id, userId }) : Promise.resolve(null)),
    isVisible: async ({ id }) => (await db.query(IS_HIDDEN, [id])).length === 0,
    setVisible: async (viewer, isVisible) => {
      mustBePerson(viewer);
      const written = await db.query(SET_HIDDEN, [viewer.id, !isVisible]);
      if (written.length === 0) throw new ForbiddenError('This account is deactivated');
      online.touch(viewer.id);
    },
  };
};
