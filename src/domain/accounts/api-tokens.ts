/** API tokens: what programs show instead of a session. Each is returned once and stored as a hash. */
import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../../db/database.js';
import { nameProblem, trimmedName } from '../chat-names.js';
import type { Credentials } from './credentials.js';
import { ApiTokenScope } from '../../generated/prisma/enums.js';
import { ForbiddenError, InvalidInputError, NotFoundError, refuseProblems } from '../errors.js';
import { isAdmin, mustHaveSignedIn, type ApiTokenCredential, type Viewer } from '../viewer.js';

export interface ApiTokenRow {
  id: bigint;
  name: string;
  scopes: ApiTokenScope[];
  createdAt: Date;
  expiresAt: Date | null;
  /** As of at most a minute ago. */
  lastUsedAt: Date | null;
}

/** Visible to their owner alone; revoked ones are visible to nobody. */
export interface ApiTokens {
  /**
   * @param scopes null or absent: CHAT alone, which ADMIN includes
   * @param expiresAt null or absent: never
   * @returns also `token`, which can never be read again
   * @throws InvalidInputError, also if the user has 100 valid tokens; ForbiddenError for the scope ADMIN if they are no administrator, and
   *   for an API token or an issued token; `revoke` too
   */
  create(
    viewer: Viewer,
    input: { name: string; scopes?: readonly ApiTokenScope[] | null | undefined; expiresAt?: Date | null | undefined },
  ): Promise<{ apiToken: ApiTokenRow; token: string }>;
  /**
   * Ends everything open with it, on every node. Idempotent.
   *
   * @param id null if it did not decode
   * @throws NotFoundError, ForbiddenError
   */
  revoke(viewer: Viewer, id: bigint | null): Promise<void>;
  /** The viewer's valid tokens, newest first. */
  list(viewer: Viewer): Promise<ApiTokenRow[]>;
  /** In the order of `ids`, null for tokens that do not exist or are not visible. */
  byIds(viewer: Viewer, ids: readonly bigint[]): Promise<(ApiTokenRow | null)[]>;
  /** Records that it was used just now, without waiting for the write. */
  noteUse(credential: ApiTokenCredential): void;
  /** Resolves once every use has been written. */
  drain(): Promise<void>;
}

export interface ApiTokensOptions {
  db: Database;
  credentials: Pick<Credentials, 'announce'>;
  /** A use could not be written. */
  onError: (error: unknown) => void;
}

const MAX_TOKENS = 100;
const SCOPES = Object.values(ApiTokenScope);
const REMEMBERED_USES = 20_000;
const USE_EVERY_MS = 60_000;

const COLUMNS = `id, name, scopes::text[] AS scopes, created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt"`;
const IS_GOOD = `revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;

// Of two concurrent calls the second waits, and counts the first one's token.
const LOCK_USER = `SELECT role::text AS role FROM "user" WHERE id = $1::bigint AND deactivated_at IS NULL FOR NO KEY UPDATE`;
const INSERT = `
INSERT INTO api_token (user_id, name, token_hash, expires_at, scopes)
SELECT $1::bigint, $2::text, $3::bytea, $4::timestamptz, $5::text[]::api_token_scope[]
WHERE (SELECT count(*) FROM api_token WHERE user_id = $1 AND ${IS_GOOD}) < ${MAX_TOKENS} RETURNING ${COLUMNS}`;
const OWN = `SELECT id FROM api_token WHERE id = $1::bigint AND user_id = $2::bigint`;
const REVOKE = `
UPDATE api_token SET revoked_at = now(), xid = pg_current_xact_id() WHERE id = $1::bigint AND revoked_at IS NULL`;
const LIST = `SELECT ${COLUMNS} FROM api_token WHERE user_id = $1::bigint AND ${IS_GOOD} ORDER BY id DESC`;
const BY_IDS = `
SELECT ${COLUMNS} FROM api_token WHERE user_id = $1::bigint AND id = ANY($2::bigint[]) AND revoked_at IS NULL`;
// Once a minute, over all nodes together.
const NOTE_USE = `
UPDATE api_token SET last_used_at = now()
WHERE token_hash = $1::bytea AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')`;

const TOKEN = /^pat_[A-Za-z0-9_-]{43}$/;

const sha256 = (token: string) => createHash('sha256').update(token).digest();

/** @returns null if it never was an API token of ours */
export const apiTokenHash = (token: string): string | null =>
  TOKEN.test(token) ? sha256(token).toString('hex') : null;

export const createApiTokens = ({ db, credentials, onError }: ApiTokensOptions): ApiTokens => {
  /** When this node last recorded a use of each token, by its hash. */
  const notedAt = new Map<string, number>();
  const writing = new Set<Promise<unknown>>();

  return {
    create: async (viewer, { name, scopes: asked, expiresAt = null }) => {
      checkInput(name, asked, expiresAt);
      mustHaveSignedIn(viewer);
      const scopes = SCOPES.filter((scope) => scope === 'CHAT' || asked?.includes(scope));
      // 32 random bytes, so a plain hash of it can be stored: nobody can guess the token from it.
      const token = `pat_${randomBytes(32).toString('base64url')}`;
      const apiToken = await db.transaction(async (tx) => {
        const [owner] = await tx.query<Pick<Viewer, 'role'>>(LOCK_USER, [viewer.id]);
        if (owner === undefined) throw new ForbiddenError('This account is deactivated');
        if (scopes.includes('ADMIN') && !isAdmin(owner))
          throw new ForbiddenError('Only administrators make API tokens with the scope ADMIN');
        const params = [viewer.id, trimmedName(name), sha256(token), expiresAt, scopes];
        const [row] = await tx.query<ApiTokenRow>(INSERT, params);
        if (row === undefined) {
          const reason = `is that of one too many: there are ${MAX_TOKENS} API tokens already, revoke one first`;
          throw new InvalidInputError([{ path: ['name'], code: 'TOO_MANY', reason, limit: MAX_TOKENS }]);
        }
        return row;
      });
      return { apiToken, token };
    },

    revoke: async (viewer, id) => {
      const found = id === null ? [] : await db.query(OWN, [id, viewer.id]);
      if (found.length === 0) throw new NotFoundError('API token');
      mustHaveSignedIn(viewer);
      await db.query(REVOKE, [id]);
      credentials.announce({ sessionIds: [], userIds: [viewer.id] });
    },

    list: (viewer) => db.query<ApiTokenRow>(LIST, [viewer.id]),

    byIds: async (viewer, ids) => {
      const rows = await db.query<ApiTokenRow>(BY_IDS, [viewer.id, ids]);
      const found = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => found.get(id) ?? null);
    },

    noteUse: ({ hash }) => {
      const now = performance.now();
      if (now - (notedAt.get(hash) ?? -Infinity) < USE_EVERY_MS) return;
      notedAt.delete(hash);
      notedAt.set(hash, now);
      if (notedAt.size > REMEMBERED_USES) notedAt.delete(notedAt.keys().next().value!);
      const written = db
        .query(NOTE_USE, [Buffer.from(hash, 'hex')])
        .catch(onError)
        .finally(() => writing.delete(written));
      writing.add(written);
    },

    drain: async () => void (await Promise.all(writing)),
  };
};

const checkInput = (
  name: string,
  scopes: readonly ApiTokenScope[] | null | undefined,
  expiresAt: Date | null,
): void => {
  const isPast = expiresAt !== null && expiresAt.getTime() <= Date.now();
  refuseProblems({
    name: nameProblem(name),
    scopes: scopes?.length === 0 ? { code: 'BLANK', reason: 'must name at least one' } : undefined,
    expiresAt: isPast ? { code: 'OUT_OF_RANGE', reason: 'must lie ahead' } : undefined,
  });
};
