/** Signed-in devices: their sessions are opened, refreshed, ended, and checked on every request. */
import { randomUUID } from 'node:crypto';
import type { Database, Queryable } from '../../db/database.js';
import type { Changed, Credentials } from './credentials.js';
import { InvalidTokenError } from '../errors.js';
import { createRotations } from './rotations.js';
import { newRefreshToken, refreshTokenHash, type Tokens } from './tokens.js';
import type { Viewer } from '../viewer.js';

/** The tokens that a signed-in device gets. */
export interface OpenedSession {
  userId: bigint;
  sessionId: string;
  accessToken: string;
  accessTokenExpiresAt: Date;
  refreshToken: string;
}

export interface Sessions {
  /**
   * Opens a session for an active user.
   *
   * @param passwordHash the hash that the password was verified against; if it has changed meanwhile, no session is opened
   * @returns undefined if no session was opened
   */
  open(userId: bigint, passwordHash: string | null, tx?: Queryable): Promise<OpenedSession | undefined>;
  /** Gives an open session new tokens, and revokes its previous refresh tokens. */
  renew(userId: bigint, sessionId: string, tx?: Queryable): Promise<OpenedSession | undefined>;
  /**
   * Exchanges a refresh token for a new one and an access token. Until the new tokens are used, the answer may have been lost: the
   * refresh may be repeated, and gives another pair in place of the previous one, which is void. Once they have been used, a repeated
   * refresh means that the token was stolen: it ends the session on all nodes, and calls `onReuse`.
   *
   * @param address where the token was shown, for `onReuse`
   * @throws InvalidTokenError if it is unknown, void, used or expired, or its session or user is gone
   */
  refresh(refreshToken: string, address?: string | null): Promise<OpenedSession>;
  /** @returns whether it was open */
  end(sessionId: string): Promise<boolean>;
  /** @returns how many were open */
  endAll(userId: bigint): Promise<number>;
  /** As `endAll`, within a transaction; pass what it returns to `announce` after the commit. */
  endWithin(tx: Queryable, userIds: readonly bigint[], exceptSessionId?: string): Promise<string[]>;
  /**
   * The viewer of an access token.
   *
   * @returns null if the token is invalid or void, the session ended or the user deactivated, as of at most two seconds ago
   * @throws UnavailableError
   */
  authenticate(accessToken: string): Promise<Viewer | null>;
  /** Tells every node which sessions `endWithin` has ended, and which users' account or role changed. Call after the commit. */
  announce(changed: Changed): void;
}

export interface SessionsOptions {
  db: Database;
  credentials: Credentials;
  tokens: Tokens;
  refreshTokenDays: number;
  /** The longest life of a session, however often it is used. */
  sessionDaysMax: number;
  /** A session was ended because its used refresh token was shown again. */
  onReuse?: (reused: ReusedToken) => void;
}

export interface ReusedToken {
  sessionId: string;
  userId: bigint;
  address: string | null;
}

interface GivenRow {
  userId: bigint;
  rotation: number;
  endsAt: Date;
}

// Locks the user's row, so that a password change or a deactivation sees this session, or this sees the change.
const OPEN = `
INSERT INTO session (id, user_id, refresh_hash, expires_at)
SELECT $1::uuid, u.id, $2::bytea, now() + make_interval(days => LEAST($3::int, $4::int)) FROM "user" u
WHERE u.id = $5::bigint AND u.deactivated_at IS NULL AND u.password_hash IS NOT DISTINCT FROM $6::text
FOR SHARE OF u
RETURNING user_id AS "userId", rotation, expires_at AS "endsAt"`;

/** `$1` and `$2` are days. */
const EXPIRES = `LEAST(now() + make_interval(days => $1::int), s.created_at + make_interval(days => $2::int))`;
const IS_OPEN = `s.ended_at IS NULL AND s.expires_at > now() AND s.created_at + make_interval(days => $2::int) > now()`;
const GIVEN = `s.user_id AS "userId", s.rotation, s.expires_at AS "endsAt"`;

const RENEW = `
UPDATE session s SET refresh_hash = $3::bytea, used_hash = NULL, used_at = NULL, rotation = s.rotation + 1, refreshed_at = now(),
  expires_at = ${EXPIRES}
WHERE s.id = $4::uuid AND s.user_id = $5::bigint AND ${IS_OPEN}
RETURNING ${GIVEN}`;

const IS_REUSED = `s.used_hash = $3::bytea AND s.used_at IS NOT NULL`;

// One statement, so that of concurrent calls (a refresh, its repetition, the first use of the new tokens) each sees the result of the
// previous one. Void rotations are stored as one range: it may include a pair between two void ones, which a refresh has replaced since.
const REFRESH = `
UPDATE session s SET
  ended_at = CASE WHEN ${IS_REUSED} THEN now() END,
  xid = CASE WHEN ${IS_REUSED} THEN pg_current_xact_id() ELSE s.xid END,
  refresh_hash = CASE WHEN ${IS_REUSED} THEN s.refresh_hash ELSE $4::bytea END,
  used_hash = $3::bytea,
  used_at = CASE WHEN ${IS_REUSED} THEN s.used_at END,
  void_rotations = CASE WHEN s.used_hash = $3::bytea AND s.used_at IS NULL
    THEN range_merge(s.void_rotations, int4range(s.rotation, s.rotation + 1)) ELSE s.void_rotations END,
  rotation = s.rotation + 1,
  refreshed_at = now(),
  expires_at = ${EXPIRES}
FROM "user" u
WHERE (s.refresh_hash = $3::bytea OR s.used_hash = $3::bytea) AND ${IS_OPEN} AND u.id = s.user_id AND u.deactivated_at IS NULL
RETURNING s.id::text AS "sessionId", s.ended_at IS NOT NULL AS "isReused", ${GIVEN}`;

const END = `
UPDATE session SET ended_at = now(), xid = pg_current_xact_id() WHERE id = $1::uuid AND ended_at IS NULL
RETURNING user_id AS "userId"`;

// Locked in one order, so that two calls that end the same sessions wait instead of deadlocking.
const END_ALL = `
UPDATE session SET ended_at = now(), xid = pg_current_xact_id()
WHERE id IN (
  SELECT id FROM session WHERE user_id = ANY($1::bigint[]) AND ended_at IS NULL AND id IS DISTINCT FROM $2::uuid
  ORDER BY id FOR NO KEY UPDATE
)
RETURNING id::text AS "sessionId"`;

export const createSessions = ({
  db,
  credentials,
  tokens,
  refreshTokenDays,
  sessionDaysMax,
  onReuse,
}: SessionsOptions): Sessions => {
  const rotations = createRotations(db, credentials);

  const opened = (sessionId: string, { userId, rotation, endsAt }: GivenRow, refreshToken: string): OpenedSession => {
    const { accessToken, expiresAt } = tokens.issueAccess(userId, { id: sessionId, rotation, endsAt });
    return { userId, sessionId, accessToken, accessTokenExpiresAt: expiresAt, refreshToken };
  };

  const endWithin: Sessions['endWithin'] = async (tx, userIds, exceptSessionId) => {
    const ended = await tx.query<{ sessionId: string }>(END_ALL, [userIds, exceptSessionId ?? null]);
    return ended.map((row) => row.sessionId);
  };

  return {
    open: async (userId, passwordHash, tx = db) => {
      const sessionId = randomUUID();
      const { refreshToken, hash } = newRefreshToken();
      const params = [sessionId, hash, refreshTokenDays, sessionDaysMax, userId, passwordHash];
      const [given] = await tx.query<GivenRow>(OPEN, params);
      return given && opened(sessionId, given, refreshToken);
    },

    renew: async (userId, sessionId, tx = db) => {
      const { refreshToken, hash } = newRefreshToken();
      const [given] = await tx.query<GivenRow>(RENEW, [refreshTokenDays, sessionDaysMax, hash, sessionId, userId]);
      return given && opened(sessionId, given, refreshToken);
    },

    refresh: async (refreshToken, address = null) => {
      const usedHash = refreshTokenHash(refreshToken);
      if (usedHash === null) throw new InvalidTokenError();
      const next = newRefreshToken();
      const params = [refreshTokenDays, sessionDaysMax, usedHash, next.hash];
      const [given] = await db.query<GivenRow & { sessionId: string; isReused: boolean }>(REFRESH, params);
      if (given === undefined) throw new InvalidTokenError();
      const { sessionId, userId } = given;
      if (!given.isReused) return opened(sessionId, given, next.refreshToken);
      credentials.announce({ sessionIds: [sessionId], userIds: [] });
      onReuse?.({ sessionId, userId, address });
      throw new InvalidTokenError();
    },

    end: async (sessionId) => {
      const ended = await db.query(END, [sessionId]);
      if (ended.length > 0) credentials.announce({ sessionIds: [sessionId], userIds: [] });
      return ended.length > 0;
    },

    endAll: async (userId) => {
      const sessionIds = await endWithin(db, [userId]);
      credentials.announce({ sessionIds, userIds: [] });
      return sessionIds.length;
    },

    endWithin,

    authenticate: async (accessToken) => {
      const claims = tokens.readAccess(accessToken);
      if (claims === null) return null;
      const { userId, sessionId, expiresAt } = claims;
      if (!(await rotations.stands(claims))) return null;
      // The role is read with the other facts.
      return credentials.stillGood({
        id: userId,
        role: 'USER',
        credential: { kind: 'session', sessionId },
        expiresAt,
      });
    },

    announce: (changed) => credentials.announce(changed),
  };
};
