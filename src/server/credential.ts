/** A request's credential: `Authorization: Bearer …` or `Token …`, in a header or in `connectionParams`. */
import type { IncomingMessage } from 'node:http';
import type { Authentication, Refusal } from '../domain/accounts/authentication.js';
import type { Viewer } from '../domain/viewer.js';

export const REFUSALS: Record<Refusal, string> = {
  badToken: 'The token is malformed, unknown or has expired: refresh the session, or show another',
  sessionOver: 'The session, the token or the account is gone: sign in again',
};

const FORMS = "write it as 'Bearer <token>' or 'Token <token>'";

/** Mistakes that another token would not fix. At most 123 bytes each, the limit of a socket's close reason. */
export const MISWRITTEN = {
  noText: `The authorization is not text: ${FORMS}`,
  noScheme: `The token has no scheme: ${FORMS}`,
  otherScheme: `The authorization has a scheme that is not understood: ${FORMS}`,
  noToken: `There is no token after the scheme: ${FORMS}`,
  placeholder: "There is no token: the client has sent 'undefined' or 'null' in its place",
  severalWords: `The authorization is more than a scheme and a token: ${FORMS}`,
  quoted: 'The token stands in quotes or brackets: write it without them',
  apiTokenAsBearer: "This is an API token: write it as 'Token <token>'",
  accessTokenAsToken: "This is an access token: write it as 'Bearer <token>'",
} as const;

export type Answered = { viewer: Viewer | null } | { refusal: Refusal; reason?: string };

/** Explains the refusal to the client, without quoting the token. */
export const reasonOf = ({ refusal, reason }: Extract<Answered, { refusal: Refusal }>): string =>
  reason ?? REFUSALS[refusal];

/**
 * Checks a credential. No credential: anonymous viewer, not an error.
 *
 * @param written as in the header: `Bearer …` with an access token, `Token …` with an API token; anything else is refused
 * @throws UnavailableError
 */
export type Authenticate = (written: unknown) => Promise<Answered>;

export const createAuthenticate =
  (authentication: Pick<Authentication, 'byAccessToken' | 'byApiToken'>): Authenticate =>
  async (written) => {
    if (written === undefined || written === null || written === '') return { viewer: null };
    const read = readAuthorization(written);
    if ('fault' in read) return { refusal: 'badToken', reason: MISWRITTEN[read.fault] };
    return read.isApiToken ? authentication.byApiToken(read.token) : authentication.byAccessToken(read.token);
  };

type Written = { isApiToken: boolean; token: string } | { fault: keyof typeof MISWRITTEN };

const readAuthorization = (written: unknown): Written => {
  if (typeof written !== 'string') return { fault: 'noText' };
  const [scheme = '', token, ...more] = written.trim().split(/\s+/);
  const isApiToken = scheme.toLowerCase() === 'token';
  const isKnown = isApiToken || scheme.toLowerCase() === 'bearer';
  if (token === undefined) return { fault: isKnown ? 'noToken' : 'noScheme' };
  if (!isKnown) return { fault: 'otherScheme' };
  if (more.length > 0) return { fault: 'severalWords' };
  if (/^(undefined|null)$/.test(token)) return { fault: 'placeholder' };
  if (/^["'<[{]/.test(token)) return { fault: 'quoted' };
  if (!isApiToken && isMadeAsApiToken(token)) return { fault: 'apiTokenAsBearer' };
  if (isApiToken && isMadeAsJwt(token)) return { fault: 'accessTokenAsToken' };
  return { isApiToken, token };
};

const isMadeAsApiToken = (token: string) => token.startsWith('pat_');
const isMadeAsJwt = (token: string) => /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token);

/** `?token=…` in the form of the header, or undefined if the URL has no token. */
export const authorizationInUrl = ({ url = '' }: IncomingMessage): string | undefined => {
  const token = new URLSearchParams(url.split('?', 2)[1]).get('token');
  if (token === null) return undefined;
  return isMadeAsApiToken(token) ? `Token ${token}` : `Bearer ${token}`;
};
