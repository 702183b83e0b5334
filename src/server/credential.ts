/** Who a request says it is, by `Authorization: Bearer …`, in a header or in `connectionParams`. */
import type { Sessions } from '../domain/sessions.js';
import type { Tokens } from '../domain/tokens.js';
import type { Viewer } from '../domain/viewer.js';

/** Why a credential is no good. */
export type Refusal =
  /** A new token helps. */
  | 'badToken'
  /** The session or the account is gone: one must sign in again. */
  | 'sessionOver';

export const REFUSALS: Record<Refusal, string> = {
  badToken: 'The access token is malformed or has expired: refresh the session',
  sessionOver: 'The session or the account is gone: sign in again',
};

export type Authentication = { viewer: Viewer | null } | { refusal: Refusal };

/**
 * Looks at a credential; none at all is nobody, which is no mistake.
 *
 * @param written as in the header: `Bearer …`; anything else that is there is a bad one
 * @throws UnavailableError
 */
export type Authenticate = (written: unknown) => Promise<Authentication>;

export const createAuthenticate =
  (sessions: Pick<Sessions, 'authenticate'>, tokens: Pick<Tokens, 'readAccess'>): Authenticate =>
  async (written) => {
    if (written === undefined || written === null || written === '') return { viewer: null };
    const token = typeof written === 'string' ? /^Bearer +(\S+) *$/i.exec(written)?.[1] : undefined;
    if (token === undefined) return { refusal: 'badToken' };
    const viewer = await sessions.authenticate(token);
    if (viewer !== null) return { viewer };
    const claims = tokens.readAccess(token);
    return { refusal: claims === null || claims.expiresAt.getTime() <= Date.now() ? 'badToken' : 'sessionOver' };
  };
