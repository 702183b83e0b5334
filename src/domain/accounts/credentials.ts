/** What people and programs show, whatever its kind: whether it still holds, and who is told when it does not any more. */
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

/** As it goes over the bus, which knows no bigint. */
interface CredentialsBell {
  sessionIds: readonly string[];
  userIds: readonly string[];
}

const credentialsTopic = jsonTopic<CredentialsBell>('sessions');

export interface Credentials {
  /** Listens to the other nodes. Without it everything holds too, up to two seconds later. */
  start(): Promise<void>;
  /** As of at most two seconds ago; undefined where there is no such credential. */
  factsOf(credential: CredentialReference): Promise<CredentialFacts | undefined>;
  /** The viewer as they are now (as of at most two seconds ago), or null where what they have shown is over. */
  stillGood(viewer: Viewer): Promise<Viewer | null>;
  /** Tells of `ended` (once, at last) and of a changed `role`, from the state after this call on. */
  watch(viewer: Viewer, onChange: (what: CredentialChange, role: Role) => void): () => void;
  /** Something happened to these, as the database says: nothing remembered of them holds, and who watches them is told. */
  changed(changed: Changed): void;
  /** Looks at everything that is watched: after it may have been missed what changed. */
  recheck(): void;
  /** As `changed`, on every node. After the commit. */
  announce(changed: Changed): void;
  /** Drops what is remembered of these. */
  forget(credentials: readonly Credential[], userIds: readonly bigint[]): void;
  close(): void;
}

export interface CredentialsOptions {
  db: Queryable;
  bus: Bus;
  cache?: CredentialFactsCacheOptions | undefined;
  /** What is watched could not be looked at; it is tried again. */
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
      // Here at once, whatever becomes of the bus.
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
