/** Credentials of people and programs, of any kind: whether each is still valid, and who is told when it no longer is. */
import { jsonTopic, type Bus } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import {
  createCredentialFactsCache,
  credentialKey,
  type CredentialFacts,
  type CredentialFactsCacheOptions,
  type CredentialReference,
} from './credential-facts.js';
import { createCredentialWatch, type CredentialChange } from './credential-watch.js';
import type { Role } from '../../generated/prisma/enums.js';
import type { Credential, Viewer } from '../viewer.js';

/** Sessions that ended, and users whose account, role or API tokens changed. */
export interface Changed {
  sessionIds: readonly string[];
  userIds: readonly bigint[];
}

/** As sent over the bus, which does not carry bigints. */
interface CredentialsBell {
  sessionIds: readonly string[];
  userIds: readonly string[];
}

const credentialsTopic = jsonTopic<CredentialsBell>('sessions');

export interface Credentials {
  /** Listens to the other nodes. Without it changes take effect too, up to two seconds later. */
  start(): Promise<void>;
  /** As of at most two seconds ago; undefined if the credential does not exist. */
  factsOf(credential: CredentialReference): Promise<CredentialFacts | undefined>;
  /** The viewer as they are now (as of at most two seconds ago), or null if their credential has ended. */
  stillGood(viewer: Viewer): Promise<Viewer | null>;
  /** Reports `ended` (once, last) and each changed `role`, starting from the state after this call. */
  watch(viewer: Viewer, onChange: (what: CredentialChange, role: Role) => void): () => void;
  /** The database reported changes: drops what is cached about these, and tells their watchers. */
  changed(changed: Changed): void;
  /** Looks at everything that is watched, since changes may have been missed. */
  recheck(): void;
  /** As `changed`, on every node. Call after the commit. */
  announce(changed: Changed): void;
  /** Drops what is cached about these. */
  forget(credentials: readonly Credential[], userIds: readonly bigint[]): void;
  close(): void;
}

export interface CredentialsOptions {
  db: Queryable;
  bus: Bus;
  cache?: CredentialFactsCacheOptions | undefined;
  /** Watched credentials could not be looked at; this is retried. */
  onError: (error: unknown) => void;
}

export const createCredentials = ({ db, bus, cache, onError }: CredentialsOptions): Credentials => {
  const facts = createCredentialFactsCache(db, cache);
  const watch = createCredentialWatch(db, onError);
  let stopListening: (() => void) | undefined;

  const changed = ({ sessionIds, userIds }: Changed) => {
    const keys = sessionIds.map((sessionId) => credentialKey({ kind: 'session', sessionId }));
    facts.forget(keys, new Set(userIds));
    watch.look({ keys, userIds });
  };

  return {
    start: async () => {
      stopListening = await bus.subscribe(credentialsTopic, ({ sessionIds, userIds }) =>
        changed({ sessionIds, userIds: userIds.map(BigInt) }),
      );
    },

    factsOf: (credential) => facts.get(credentialKey(credential)),

    stillGood: async (viewer) => {
      if (viewer.expiresAt !== null && viewer.expiresAt.getTime() <= Date.now()) return null;
      const now = await facts.get(credentialKey(viewer.credential));
      return now?.isOpen && now.userId === viewer.id ? { ...viewer, role: now.role } : null;
    },

    watch: (viewer, onChange) => watch.watch(viewer, onChange),
    changed,
    recheck: () => watch.lookAtAll(),

    announce: (those) => {
      if (those.sessionIds.length + those.userIds.length === 0) return;
      // On this node at once, even if the bus is down.
      changed(those);
      bus.publish(credentialsTopic, { sessionIds: those.sessionIds, userIds: those.userIds.map(String) });
    },

    forget: (credentials, userIds) => facts.forget(credentials.map(credentialKey), new Set(userIds)),

    close: () => {
      stopListening?.();
      watch.close();
    },
  };
};
