/** Signed-in devices: opened, refreshed, ended, and looked at on every request. */
import { randomUUID } from 'node:crypto';
import type { Database, Queryable } from '../db/database.js';
import type { Changed, Credentials } from './credentials.js';
import { InvalidTokenError } from './errors.js';
import { newRefreshToken, refreshTokenHash, type Tokens } from './tokens.js';
import type { Viewer } from './viewer.js';

/** What a device is given to be signed in with. */
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
   * @param passwordHash what the password was compared with; where it was changed meanwhile, nothing is opened
   * @returns undefined where nothing was opened
   */
  open(userId: bigint, passwordHash: string | null, tx?: Queryable): Promise<OpenedSession | undefined>;
  /** Gives an open session new tokens: its old refresh token is worth nothing any more. */
  renew(userId: bigint, sessionId: string, tx?: Queryable): Promise<OpenedSession | undefined>;
  /**
   * Exchanges a refresh token for a new one and an access token. Of two at once exactly one gets them.
   *
   * @throws InvalidTokenError where it is unknown, used, expired, or its session or user is gone
   */
  refresh(refreshToken: string): Promise<OpenedSession>;
  /** @returns whether it was open */
  end(sessionId: string): Promise<boolean>;
  /** @returns how many were open */
  endAll(userId: bigint): Promise<number>;
  /** As `endAll`, within a transaction; pass what it returns to `announce` after the commit. */
  endWithin(tx: Queryable, userId: bigint, exceptSessionId?: string): Promise<string[]>;
  /**
   * Who shows this access token.
   *
   * @returns null where the token is not good, the session over or the user deactivated, as of at most two seconds ago
   */
  authenticate(accessToken: string): Promise<Viewer | null>;
  /** Tells every node of what `endWithin` has ended, and of users whose account or role changed. After the commit. */
  announce(changed: Changed): void;
}

export interface SessionsOptions {
  db: Database;
  credentials: Credentials;
  tokens: Tokens;
  refreshTokenDays: number;
}

// The user's row is locked so that whoever changes the password or deactivates the account sees this session, or this sees that.
const OPEN = `
INSERT INTO session (id, user_id, refresh_hash, expires_at)
SELECT $1::uuid, u.id, $2::bytea, now() + make_interval(days => $3::int) FROM "user" u
WHERE u.id = $4::bigint AND u.deactivated_at IS NULL AND u.password_hash IS NOT DISTINCT FROM $5::text
FOR SHARE OF u
RETURNING id`;

const RENEW = `
UPDATE session SET refresh_hash = $3::bytea, refreshed_at = now(), expires_at = now() + make_interval(days => $4::int)
WHERE id = $1::uuid AND user_id = $2::bigint AND ended_at IS NULL AND expires_at > now()
RETURNING id`;

// The second of two at once waits for the row, then finds another hash there than the one it came for.
const REFRESH = `
UPDATE session s SET refresh_hash = $2::bytea, refreshed_at = now(), expires_at = now() + make_interval(days => $3::int)
FROM "user" u
WHERE s.refresh_hash = $1::bytea AND s.ended_at IS NULL AND s.expires_at > now()
  AND u.id = s.user_id AND u.deactivated_at IS NULL
RETURNING s.id::text AS "sessionId", s.user_id AS "userId"`;

const END = `
UPDATE session SET ended_at = now(), xid = pg_current_xact_id() WHERE id = $1::uuid AND ended_at IS NULL
RETURNING user_id AS "userId"`;

// Locked in one order, so that two who end the same sessions wait for each other instead of for ever.
const END_ALL = `
UPDATE session SET ended_at = now(), xid = pg_current_xact_id()
WHERE id IN (
  SELECT id FROM session WHERE user_id = $1::bigint AND ended_at IS NULL AND id IS DISTINCT FROM $2::uuid
  ORDER BY id FOR NO KEY UPDATE
)
RETURNING id::text AS "sessionId"`;

export const createSessions = ({ db, credentials, tokens, refreshTokenDays }: SessionsOptions): Sessions => {
  const opened = (userId: bigint, sessionId: string, refreshToken: string): OpenedSession => {
    const { accessToken, expiresAt } = tokens.issueAccess(userId, sessionId);
    return { userId, sessionId, accessToken, accessTokenExpiresAt: expiresAt, refreshToken };
  };

  const endWithin: Sessions['endWithin'] = async (tx, userId, exceptSessionId) => {
    const ended = await tx.query<{ sessionId: string }>(END_ALL, [userId, exceptSessionId ?? null]);
    return ended.map((row) => row.sessionId);
  };

  return {
    open: async (userId, passwordHash, tx = db) => {
      const sessionId = randomUUID();
      const { refreshToken, hash } = newRefreshToken();
      const rows = await tx.query(OPEN, [sessionId, hash, refreshTokenDays, userId, passwordHash]);
      return rows.length === 0 ? undefined : opened(userId, sessionId, refreshToken);
    },

    renew: async (userId, sessionId, tx = db) => {
      const { refreshToken, hash } = newRefreshToken();
      const rows = await tx.query(RENEW, [sessionId, userId, hash, refreshTokenDays]);
      return rows.length === 0 ? undefined : opened(userId, sessionId, refreshToken);
    },

    refresh: async (refreshToken) => {
      const usedHash = refreshTokenHash(refreshToken);
      if (usedHash === null) throw new InvalidTokenError();
      const next = newRefreshToken();
      const rows = await db.query<{ sessionId: string; userId: bigint }>(REFRESH, [
        usedHash,
        next.hash,
        refreshTokenDays,
      ]);
      const session = rows[0];
      if (session === undefined) throw new InvalidTokenError();
      return opened(session.userId, session.sessionId, next.refreshToken);
    },

    end: async (sessionId) => {
      const ended = await db.query(END, [sessionId]);
      if (ended.length > 0) credentials.announce({ sessionIds: [sessionId], userIds: [] });
      return ended.length > 0;
    },

    endAll: async (userId) => {
      const sessionIds = await endWithin(db, userId);
      credentials.announce({ sessionIds, userIds: [] });
      return sessionIds.length;
    },

    endWithin,

    authenticate: async (accessToken) => {
      const claims = tokens.readAccess(accessToken);
      if (claims === null) return null;
      const { userId, sessionId, expiresAt } = claims;
      // The role is looked up with the rest.
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
