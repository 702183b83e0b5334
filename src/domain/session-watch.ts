/** Tells whoever holds something open for a session (a socket, a stream) that it is over, or that its user's role changed. */
import type { Queryable } from '../db/database.js';
import type { Role } from '../generated/prisma/enums.js';
import { readSessionFacts } from './session-facts.js';
import type { Viewer } from './viewer.js';

export type SessionChange = 'ended' | 'role';

/** Sessions and users that something happened to; a hint to look. */
export interface ChangedSessions {
  sessionIds: readonly string[];
  userIds: readonly bigint[];
}

export interface SessionWatch {
  /**
   * Looks at the session at once (the viewer may be two seconds old), then whenever something happened to it.
   *
   * @param onChange 'ended' comes once, and is the last
   * @returns stops watching
   */
  watch(viewer: Viewer, onChange: (what: SessionChange) => void): () => void;
  /** Looks again at those among them that are watched: one query, none where there is none. */
  look(changed: ChangedSessions): void;
  /** Looks again at all that are watched. */
  lookAtAll(): void;
  close(): void;
}

interface Watcher {
  role: Role;
  onChange: (what: SessionChange) => void;
}

const RETRY_MS = 500;
const BATCH = 1000;

export const createSessionWatch = (db: Queryable, onError: (error: unknown) => void): SessionWatch => {
  const watchers = new Map<string, Set<Watcher>>();
  const sessionIdsOf = new Map<bigint, Set<string>>();
  /** To be looked at, and not yet asked for. */
  let pending = new Set<string>();
  let isLooking = false;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;

  // One that throws must not keep the others from being told.
  const tell = (watcher: Watcher, what: SessionChange) => {
    try {
      watcher.onChange(what);
    } catch (error) {
      onError(error);
    }
  };

  const lookAt = async (sessionIds: string[]) => {
    const found = await readSessionFacts(db, sessionIds);
    for (const sessionId of sessionIds) {
      const facts = found.get(sessionId);
      for (const watcher of [...(watchers.get(sessionId) ?? [])]) {
        if (!facts?.isOpen) {
          watchers.get(sessionId)?.delete(watcher);
          tell(watcher, 'ended');
        } else if (facts.role !== watcher.role) {
          watcher.role = facts.role;
          tell(watcher, 'role');
        }
      }
    }
  };

  // One query at a time; what comes up meanwhile is asked for after it, for it may have read too early.
  const work = async () => {
    if (isLooking || retry !== undefined) return;
    isLooking = true;
    // What is added in this tick belongs to the same query.
    await Promise.resolve();
    while (pending.size > 0 && !isClosed) {
      const sessionIds = [...pending].slice(0, BATCH);
      for (const sessionId of sessionIds) pending.delete(sessionId);
      try {
        await lookAt(sessionIds.filter((sessionId) => watchers.has(sessionId)));
      } catch (error) {
        onError(error);
        pending = new Set([...sessionIds, ...pending]);
        retry = setTimeout(() => {
          retry = undefined;
          void work();
        }, RETRY_MS).unref();
        break;
      }
    }
    isLooking = false;
  };

  const add = (sessionIds: Iterable<string>) => {
    for (const sessionId of sessionIds) if (watchers.has(sessionId)) pending.add(sessionId);
    if (pending.size > 0) void work();
  };

  return {
    watch: ({ id: userId, sessionId, role }, onChange) => {
      const watcher: Watcher = { role, onChange };
      const ofSession = watchers.get(sessionId) ?? new Set();
      watchers.set(sessionId, ofSession.add(watcher));
      const ofUser = sessionIdsOf.get(userId) ?? new Set();
      sessionIdsOf.set(userId, ofUser.add(sessionId));
      add([sessionId]);

      return () => {
        ofSession.delete(watcher);
        if (ofSession.size > 0 || watchers.get(sessionId) !== ofSession) return;
        watchers.delete(sessionId);
        ofUser.delete(sessionId);
        if (ofUser.size === 0 && sessionIdsOf.get(userId) === ofUser) sessionIdsOf.delete(userId);
      };
    },
    look: ({ sessionIds, userIds }) => {
      add(sessionIds);
      for (const userId of userIds) add(sessionIdsOf.get(userId) ?? []);
    },
    lookAtAll: () => add(watchers.keys()),
    close: () => {
      isClosed = true;
      clearTimeout(retry);
    },
  };
};
