/** Who a request says it is, by `Authorization: Bearer …` or `Token …`, in a header or in `connectionParams`. */
import type { IncomingMessage } from 'node:http';
import type { Authentication, Refusal } from '../domain/authentication.js';
import type { Viewer } from '../domain/viewer.js';

export const REFUSALS: Record<Refusal, string> = {
  badToken: 'The token is malformed, unknown or has expired: refresh the session, or show another',
  sessionOver: 'The session, the token or the account is gone: sign in again',
};

export type Answered = { viewer: Viewer | null } | { refusal: Refusal };

/**
 * Looks at a credential; none at all is nobody, which is no mistake.
 *
 * @param written as in the header: `Bearer …` with an access token, `Token …` with an API token; anything else is a bad one
 * @throws UnavailableError
 */
export type Authenticate = (written: unknown) => Promise<Answered>;

export const createAuthenticate =
  (authentication: Pick<Authentication, 'byAccessToken' | 'byApiToken'>): Authenticate =>
  async (written) => {
    if (written === undefined || written === null || written === '') return { viewer: null };
    const [, scheme, token] = (typeof written === 'string' && /^(Bearer|Token) +(\S+) *$/i.exec(written)) || [];
    if (scheme === undefined || token === undefined) return { refusal: 'badToken' };
    return scheme.toLowerCase() === 'token' ? authentication.byApiToken(token) : authentication.byAccessToken(token);
  };

/** `?token=…` as it would stand in the header; undefined where there is none. */
export const authorizationInUrl = ({ url = '' }: IncomingMessage): string | undefined => {
  const token = new URLSearchParams(url.split('?', 2)[1]).get('token');
  if (token === null) return undefined;
  return token.startsWith('pat_') ? `Token ${token}` : `Bearer ${token}`;
};
