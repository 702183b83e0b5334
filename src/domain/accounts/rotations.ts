/**
 * Which pairs of tokens of a session were used. Each refresh gives a pair with the session's next number, its rotation. Until somebody
 * has used it, its answer may have been lost, so the refresh may be repeated, which makes it void (`src/domain/accounts/sessions.ts`).
 */
import type { Queryable } from '../../db/database.js';
import type { CredentialFacts } from './credential-facts.js';
import type { Credentials } from './credentials.js';
import type { AccessClaims } from './tokens.js';
import type { SessionCredential } from '../viewer.js';

export interface Rotations {
  /**
   * Whether an access token is of a pair that stands. The first use of the newest pair waits until the database has it: after that no
   * repeated refresh can make it void, and where one was first, this one is refused. It is written once for each pair.
   *
   * @throws UnavailableError
   */
  stands(claims: Pick<AccessClaims, 'sessionId' | 'rotation'>): Promise<boolean>;
}

// Whoever refreshes at the same moment waits for the row, or this does: what is first holds.
const MARK = `
UPDATE session SET used_at = now() WHERE id = $1::uuid AND rotation = $2::int AND used_at IS NULL RETURNING id`;

/** What was remembered is older than the token; it was marked on another node; and what is by then. */
const LOOKS = 3;

export const createRotations = (db: Queryable, credentials: Pick<Credentials, 'factsOf' | 'forget'>): Rotations => {
  /** Of many requests at once by a new token one writes. */
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
      // One that a version without rotations has given.
      if (rotation === null) return true;
      const credential: SessionCredential = { kind: 'session', sessionId };
      for (let look = 1; look <= LOOKS; look++) {
        const facts = await credentials.factsOf(credential);
        if (facts === undefined) return true; // there is no such session, as will be said
        if (isVoid(facts, rotation)) return false;
        if (rotation < facts.rotation! || (rotation === facts.rotation && !facts.awaitsUse)) return true;
        if (rotation === facts.rotation && (await mark(sessionId, rotation))) {
          facts.awaitsUse = false;
          return true;
        }
        credentials.forget([credential], []);
      }
      // Of a database that was restored to before this pair was given.
      return false;
    },
  };
};

const isVoid = ({ voidFrom, voidTo }: CredentialFacts, rotation: number) =>
  voidFrom !== null && voidTo !== null && rotation >= voidFrom && rotation < voidTo;
