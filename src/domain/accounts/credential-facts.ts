/** Whether credentials are still valid, and for whom: read from the database for many at once, and cached for a moment. */
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import type { ApiTokenScope, Role } from '../../generated/prisma/enums.js';
import type { ApiTokenCredential, Credential } from '../viewer.js';

export interface CredentialFacts {
  key: string;
  userId: bigint;
  role: Role;
  /** Not ended, revoked or expired, and its user is not deactivated. */
  isOpen: boolean;
  /** For an API token; null if it never expires, as far as the database knows. */
  expiresAt: Date | null;
  /** For an API token. */
  scopes: ApiTokenScope[] | null;
  /** For a user with another product's tokens: the names in the newest of these, and when it was issued. */
  claimedNames: string | null;
  claimedAt: Date | null;
  /** When the account was created. */
  userCreatedAt: Date;
  /** For a session: the rotation of its newest token pair, and whether a refresh gave that pair and nobody has used it yet. */
  rotation: number | null;
  awaitsUse: boolean | null;
  /** For a session: pairs from this rotation up to, not including, that one are void. */
  voidFrom: number | null;
  voidTo: number | null;
}

/** The fields that identify a credential. */
export type CredentialReference = Exclude<Credential, ApiTokenCredential> | Omit<ApiTokenCredential, 'scopes'>;

/** A unique text for each credential. */
export const credentialKey = (credential: CredentialReference): string => {
  if (credential.kind === 'session') return `session:${credential.sessionId}`;
  if (credential.kind === 'apiToken') return `apiToken:${credential.hash}`;
  if (credential.kind === 'issued') return `issued:${credential.userId}`;
  return `trusted:${credential.externalId}`;
};

const FACTS = `
SELECT 'session:' || s.id::text AS key, s.user_id AS "userId", u.role::text AS role,
  s.ended_at IS NULL AND s.expires_at > now() AND u.deactivated_at IS NULL AS "isOpen", NULL::timestamptz AS "expiresAt",
  NULL::text[] AS scopes, NULL::text AS "claimedNames", NULL::timestamptz AS "claimedAt", u.created_at AS "userCreatedAt",
  s.rotation, s.used_hash IS NOT NULL AND s.used_at IS NULL AS "awaitsUse", lower(s.void_rotations) AS "voidFrom", upper(s.void_rotations) AS "voidTo"
FROM session s JOIN "user" u ON u.id = s.user_id WHERE s.id = ANY($1::uuid[])
UNION ALL SELECT 'apiToken:' || encode(t.token_hash, 'hex'), t.user_id, u.role::text,
  t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now()) AND u.deactivated_at IS NULL, t.expires_at,
  t.scopes::text[], NULL, NULL, u.created_at, NULL, NULL, NULL, NULL
FROM api_token t JOIN "user" u ON u.id = t.user_id WHERE t.token_hash = ANY($2::bytea[])
UNION ALL SELECT 'trusted:' || u.external_id, u.id, u.role::text, u.deactivated_at IS NULL, NULL, NULL,
  u.claimed_names, u.claimed_at, u.created_at, NULL, NULL, NULL, NULL
FROM "user" u WHERE u.external_id = ANY($3::text[])
UNION ALL SELECT 'issued:' || u.id::text, u.id, u.role::text, u.deactivated_at IS NULL AND u.role <> 'ADMIN', NULL, NULL, NULL, NULL, u.created_at,
  NULL, NULL, NULL, NULL
FROM "user" u WHERE u.id = ANY($4::bigint[])`;

/** The current facts, by `credentialKey`; credentials that never existed are left out. */
export const readCredentialFacts = async (
  db: Queryable,
  keys: readonly string[],
): Promise<Map<string, CredentialFacts>> => {
  const of = (kind: Credential['kind']) =>
    keys.flatMap((key) => (key.startsWith(`${kind}:`) ? [key.slice(kind.length + 1)] : []));
  const hashes = of('apiToken').map((hash) => Buffer.from(hash, 'hex'));
  const rows = await db.query<CredentialFacts>(FACTS, [of('session'), hashes, of('trusted'), of('issued')]);
  return new Map(rows.map((row) => [row.key, row]));
};

export interface CredentialFactsCache {
  /** As of at most `freshMs` ago; undefined for a credential that does not exist. */
  get(key: string): Promise<CredentialFacts | undefined>;
  /** Every later `get` reads facts as of after this call. */
  forget(keys: Iterable<string>, userIds: ReadonlySet<bigint>): void;
}

interface Entry {
  /** When it was requested, not when the answer came. */
  askedAt: number;
  facts: Promise<CredentialFacts | undefined>;
  /** Set once known. */
  userId?: bigint;
}

export interface CredentialFactsCacheOptions {
  freshMs?: number;
  /** Credentials cached at once; the least recently used are dropped first. */
  capacity?: number;
}

export const createCredentialFactsCache = (
  db: Queryable,
  { freshMs = 2000, capacity = 20_000 }: CredentialFactsCacheOptions = {},
): CredentialFactsCache => {
  const entries = new Map<string, Entry>();

  // After a restart all clients reconnect at once.
  const read = gather<string, CredentialFacts | undefined>(async (keys) => {
    const found = await readCredentialFacts(db, keys);
    return keys.map((key) => found.get(key));
  });

  const ask = (key: string): Entry => {
    const entry: Entry = { askedAt: performance.now(), facts: read(key) };
    entry.facts.then(
      (facts) => (entry.userId = facts?.userId),
      () => entries.get(key) === entry && entries.delete(key),
    );
    return entry;
  };

  return {
    get: (key) => {
      const known = entries.get(key);
      const entry = known && performance.now() - known.askedAt < freshMs ? known : ask(key);
      // Inserted again, so that the map is ordered by last use.
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > capacity) entries.delete(entries.keys().next().value!);
      return entry.facts;
    },
    forget: (keys, userIds) => {
      for (const key of keys) entries.delete(key);
      if (userIds.size === 0) return;
      for (const [key, entry] of entries) {
        // An entry that is still loading may have been read before the change.
        if (entry.userId === undefined || userIds.has(entry.userId)) entries.delete(key);
      }
    },
  };
};
