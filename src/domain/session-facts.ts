/** Whether sessions go on, and as whom: asked of the database for many at once, and remembered for a moment. */
import DataLoader from 'dataloader';
import type { Queryable } from '../db/database.js';
import type { Role } from '../generated/prisma/enums.js';

export interface SessionFacts {
  sessionId: string;
  userId: bigint;
  role: Role;
  /** Neither ended nor expired, nor its user deactivated. */
  isOpen: boolean;
}

const FACTS = `
SELECT s.id::text AS "sessionId", s.user_id AS "userId", u.role::text AS role,
  s.ended_at IS NULL AND s.expires_at > now() AND u.deactivated_at IS NULL AS "isOpen"
FROM session s JOIN "user" u ON u.id = s.user_id WHERE s.id = ANY($1::uuid[])`;

/** As it is now; sessions that there never were are left out. */
export const readSessionFacts = async (
  db: Queryable,
  sessionIds: readonly string[],
): Promise<Map<string, SessionFacts>> => {
  const rows = await db.query<SessionFacts>(FACTS, [sessionIds]);
  return new Map(rows.map((row) => [row.sessionId, row]));
};

export interface SessionFactsCache {
  /** As of at most `freshMs` ago; undefined for a session that there is not. */
  get(sessionId: string): Promise<SessionFacts | undefined>;
  /** What is asked for after this is as of after this. */
  forget(sessionIds: Iterable<string>, userIds: ReadonlySet<bigint>): void;
}

interface Entry {
  /** When it was asked for, not when it came. */
  askedAt: number;
  facts: Promise<SessionFacts | undefined>;
  /** Once known. */
  userId?: bigint;
}

export interface SessionFactsCacheOptions {
  freshMs?: number;
  /** Sessions remembered at once; the least recently used go first. */
  capacity?: number;
}

export const createSessionFactsCache = (
  db: Queryable,
  { freshMs = 2000, capacity = 20_000 }: SessionFactsCacheOptions = {},
): SessionFactsCache => {
  const entries = new Map<string, Entry>();

  // All that are asked for in one tick are one query: after a restart everyone comes back at once.
  const loader = new DataLoader<string, SessionFacts | undefined>(
    async (sessionIds) => {
      const found = await readSessionFacts(db, sessionIds);
      return sessionIds.map((sessionId) => found.get(sessionId));
    },
    { cache: false, maxBatchSize: 1000 },
  );

  const ask = (sessionId: string): Entry => {
    const entry: Entry = { askedAt: performance.now(), facts: loader.load(sessionId) };
    entry.facts.then(
      (facts) => (entry.userId = facts?.userId),
      () => entries.get(sessionId) === entry && entries.delete(sessionId),
    );
    return entry;
  };

  return {
    get: (sessionId) => {
      const known = entries.get(sessionId);
      const entry = known && performance.now() - known.askedAt < freshMs ? known : ask(sessionId);
      // Put in again, so that the map's order is that of use.
      entries.delete(sessionId);
      entries.set(sessionId, entry);
      if (entries.size > capacity) entries.delete(entries.keys().next().value!);
      return entry.facts;
    },
    forget: (sessionIds, userIds) => {
      for (const sessionId of sessionIds) entries.delete(sessionId);
      if (userIds.size === 0) return;
      for (const [sessionId, entry] of entries) {
        // One still on its way may have been read before the change.
        if (entry.userId === undefined || userIds.has(entry.userId)) entries.delete(sessionId);
      }
    },
  };
};
