/** Signed-in devices: opened, refreshed, ended, and looked at on every request. */
import { randomUUID } from 'node:crypto';
import type { Bus, Topic } from '../bus/bus.js';
import type { Database, Queryable } from '../db/database.js';
import { InvalidTokenError } from './errors.js';
import { createSessionFactsCache, type SessionFactsCacheOptions } from './session-facts.js';
import { createSessionWatch, type ChangedSessions, type SessionChange } from './session-watch.js';
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

/** As it goes over the bus, which knows no bigint. */
interface SessionsBell {
  sessionIds: readonly string[];
  userIds: readonly string[];
}

const sessionsTopic: Topic<SessionsBell> = 'sessions';

export interface Sessions {
  /** Listens to the other nodes. Without it everything holds too, up to two seconds later. */
  start(): Promise<void>;
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
  /** The viewer as they are now (as of at most two seconds ago), or null where their token or session is over. */
  stillGood(viewer: Viewer): Promise<Viewer | null>;
  /** Tells of `ended` (once, at last) and of a changed `role`, from the state after this call on. */
  watch(viewer: Viewer, onChange: (what: SessionChange) => void): () => void;
  /** Something happened to these, as the database says: nothing remembered of them holds, and who watches them is told. */
  changed(changed: ChangedSessions): void;
  /** Looks at everything that is watched: after it may have been missed what changed. */
  recheck(): void;
  /** As `changed`, on every node. After the commit. */
  announce(changed: ChangedSessions): void;
  /** Drops what is remembered of these. */
  forget(sessionIds: readonly string[], userIds: readonly bigint[]): void;
  close(): void;
}

export interface SessionsOptions {
  db: Database;
  bus: Bus;
  tokens: Tokens;
  refreshTokenDays: number;
  cache?: SessionFactsCacheOptions;
  /** Watched sessions could not be looked at; it is tried again. */
  onError: (error: unknown) => void;
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

export const createSessions = ({ db, bus, tokens, refreshTokenDays, cache, onError }: SessionsOptions): Sessions => {
  const facts = createSessionFactsCache(db, cache);
  const watch = createSessionWatch(db, onError);
  let stopListening: (() => void) | undefined;

  const opened = (userId: bigint, sessionId: string, refreshToken: string): OpenedSession => {
    const { accessToken, expiresAt } = tokens.issueAccess(userId, sessionId);
    return { userId, sessionId, accessToken, accessTokenExpiresAt: expiresAt, refreshToken };
  };

  const changed = (those: ChangedSessions) => {
    facts.forget(those.sessionIds, new Set(those.userIds));
    watch.look(those);
  };

  const announce = (those: ChangedSessions) => {
    if (those.sessionIds.length + those.userIds.length === 0) return;
    // Here at once, whatever becomes of the bus.
    changed(those);
    bus.publish(sessionsTopic, { sessionIds: those.sessionIds, userIds: those.userIds.map(String) });
  };

  const present = async (claims: Omit<Viewer, 'role'>): Promise<Viewer | null> => {
    const { id, sessionId, expiresAt } = claims;
    if (expiresAt.getTime() <= Date.now()) return null;
    const now = await facts.get(sessionId);
    return now?.isOpen && now.userId === id ? { id, role: now.role, sessionId, expiresAt } : null;
  };

  const endWithin: Sessions['endWithin'] = async (tx, userId, exceptSessionId) => {
    const ended = await tx.query<{ sessionId: string }>(END_ALL, [userId, exceptSessionId ?? null]);
    return ended.map((row) => row.sessionId);
  };

  return {
    start: async () => {
      stopListening = await bus.subscribe(sessionsTopic, ({ sessionIds, userIds }) =>
        changed({ sessionIds, userIds: userIds.map(BigInt) }),
      );
    },

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
      if (ended.length > 0) announce({ sessionIds: [sessionId], userIds: [] });
      return ended.length > 0;
    },

    endAll: async (userId) => {
      const sessionIds = await endWithin(db, userId);
      announce({ sessionIds, userIds: [] });
      return sessionIds.length;
    },

    endWithin,

    authenticate: async (accessToken) => {
      const claims = tokens.readAccess(accessToken);
      return claims && present({ id: claims.userId, sessionId: claims.sessionId, expiresAt: claims.expiresAt });
    },

    stillGood: present,
    watch: (viewer, onChange) => watch.watch(viewer, onChange),
    changed,
    recheck: () => watch.lookAtAll(),
    announce,
    forget: (sessionIds, userIds) => facts.forget(sessionIds, new Set(userIds)),

    close: () => {
      stopListening?.();
      watch.close();
    },
  };
};
