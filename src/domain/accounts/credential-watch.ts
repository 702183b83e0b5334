/** Tells holders of open sockets and streams that their credential has ended, or that its user's role changed. */
import type { Queryable } from '../../db/database.js';
import type { Role } from '../../generated/prisma/enums.js';
import { credentialKey, readCredentialFacts } from './credential-facts.js';
import type { Viewer } from '../viewer.js';

export type CredentialChange = 'ended' | 'role';

/** Credentials, by their keys, and users that may have changed: a hint to look. */
export interface ChangedCredentials {
  keys: readonly string[];
  userIds: readonly bigint[];
}

export interface CredentialWatch {
  /**
   * Looks at the credential at once (the viewer may be two seconds old), then after each change.
   *
   * @param onChange 'ended' comes once, and last; with the role at that time
   * @returns stops watching
   */
  watch(viewer: Viewer, onChange: (what: CredentialChange, role: Role) => void): () => void;
  /** Looks again at those among them that are watched: one query, or none if none of them is watched. */
  look(changed: ChangedCredentials): void;
  /** Looks again at all watched credentials. */
  lookAtAll(): void;
  close(): void;
}

interface Watcher {
  role: Role;
  onChange: (what: CredentialChange, role: Role) => void;
}

const RETRY_MS = 500;
const BATCH = 1000;

export const createCredentialWatch = (db: Queryable, onError: (error: unknown) => void): CredentialWatch => {
  const watchers = new Map<string, Set<Watcher>>();
  const keysOf = new Map<bigint, Set<string>>();
  /** To be looked at, and not yet queried. */
  let pending = new Set<string>();
  let isLooking = false;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;

  // A listener that throws must not keep the others from being called.
  const tell = (watcher: Watcher, what: CredentialChange) => {
    try {
      watcher.onChange(what, watcher.role);
    } catch (error) {
      onError(error);
    }
  };

  const lookAt = async (keys: string[]) => {
    const found = await readCredentialFacts(db, keys);
    for (const key of keys) {
      const facts = found.get(key);
      for (const watcher of [...(watchers.get(key) ?? [])]) {
        if (!facts?.isOpen) {
          watchers.get(key)?.delete(watcher);
          tell(watcher, 'ended');
        } else if (facts.role !== watcher.role) {
          watcher.role = facts.role;
          tell(watcher, 'role');
        }
      }
    }
  };

  // One query at a time; changes that arrive meanwhile need another one, since this one may have read too early.
  const work = async () => {
    if (isLooking || retry !== undefined) return;
    isLooking = true;
    // Additions in this tick share the query.
    await Promise.resolve();
    while (pending.size > 0 && !isClosed) {
      const keys = [...pending].slice(0, BATCH);
      for (const key of keys) pending.delete(key);
      try {
        await lookAt(keys.filter((key) => watchers.has(key)));
      } catch (error) {
        // The database may be closed by then, too.
        if (isClosed) break;
        onError(error);
        pending = new Set([...keys, ...pending]);
        retry = setTimeout(() => {
          retry = undefined;
          void work();
        }, RETRY_MS).unref();
        break;
      }
    }
    isLooking = false;
  };

  const add = (keys: Iterable<string>) => {
    for (const key of keys) if (watchers.has(key)) pending.add(key);
    if (pending.size > 0) void work();
  };

  return {
    watch: ({ id: userId, credential, role }, onChange) => {
      const key = credentialKey(credential);
      const watcher: Watcher = { role, onChange };
      const ofKey = watchers.get(key) ?? new Set();
      watchers.set(key, ofKey.add(watcher));
      const ofUser = keysOf.get(userId) ?? new Set();
      keysOf.set(userId, ofUser.add(key));
      add([key]);

      return () => {
        ofKey.delete(watcher);
        if (ofKey.size > 0 || watchers.get(key) !== ofKey) return;
        watchers.delete(key);
        ofUser.delete(key);
        if (ofUser.size === 0 && keysOf.get(userId) === ofUser) keysOf.delete(userId);
      };
    },
    look: ({ keys, userIds }) => {
      add(keys);
      for (const userId of userIds) add(keysOf.get(userId) ?? []);
    },
    lookAtAll: () => add(watchers.keys()),
    close: () => {
      isClosed = true;
      clearTimeout(retry);
    },
  };
};
