/**
 * Which of a session's token pairs have been used. Each refresh gives a pair with the session's next number, its rotation. Until the
 * pair is used, the answer may have been lost, so the refresh may be repeated, which voids the pair (`src/domain/accounts/sessions.ts`).
 */
import type { Queryable } from '../../db/database.js';
import type { CredentialFacts } from './credential-facts.js';
import type { Credentials } from './credentials.js';
import type { AccessClaims } from './tokens.js';
import type { SessionCredential } from '../viewer.js';

export interface Rotations {
  /**
   * Whether an access token's pair is valid. The first use of the newest pair waits until the database has recorded it: after that no
   * repeated refresh can void the pair; if a repeated refresh was first, this token is refused. One write per pair.
   *
   * @throws UnavailableError
   */
  stands(claims: Pick<AccessClaims, 'sessionId' | 'rotation'>): Promise<boolean>;
}

// A concurrent refresh waits for the row, or this does: whichever is first takes effect.
const MARK = `
UPDATE session SET used_at = now() WHERE id = $1::uuid AND rotation = $2::int AND used_at IS NULL RETURNING id`;

/** The cached facts are older than the token; another node marked it; and the state after that. */
const LOOKS = 3;

export const createRotations = (db: Queryable, credentials: Pick<Credentials, 'factsOf' | 'forget'>): Rotations => {
  /** Of many concurrent requests with a new token only one writes. */
  const marking = new Map<string, Promise<boolean>>();

  const mark = (sessionId: string, rotation: number): Promise<boolean> => {
    const key = `${sessionId} ${rotation}`;
    const known = marking.get(key);
    if (known !== undefined) return known;
    const marked = db
      .query(MARK, [sessionId, rotation])
      .then((rows) => rows.length > 0)
      .finally(() => marking.delete(key));
    marking.set(key, marked);
    return marked;
  };

  return {
    stands: async ({ sessionId, rotation }) => {
      // Issued by a version without rotations.
      if (rotation === null) return true;
      const credential: SessionCredential = { kind: 'session', sessionId };
      for (let look = 1; look <= LOOKS; look++) {
        const facts = await credentials.factsOf(credential);
        if (facts === undefined) return true; // the session does not exist, which the caller reports
        if (isVoid(facts, rotation)) return false;
        if (rotation < facts.rotation! || (rotation === facts.rotation && !facts.awaitsUse)) return true;
        if (rotation === facts.rotation && (await mark(sessionId, rotation))) {
          facts.awaitsUse = false;
          return true;
        }
        credentials.forget([credential], []);
      }
      // The database was restored to a time before this pair was given.
      return false;
    },
  };
};

const isVoid = ({ voidFrom, voidTo }: CredentialFacts, rotation: number) =>
  voidFrom !== null && voidTo !== null && rotation >= voidFrom && rotation < voidTo;
