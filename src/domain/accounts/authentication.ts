/** Authenticates a credential: an access token of ours, an issued one, one of a trusted product, or an API token. */
import type { Role } from '../../generated/prisma/enums.js';
import { apiTokenHash, type ApiTokens } from './api-tokens.js';
import type { CredentialChange } from './credential-watch.js';
import type { Credentials } from './credentials.js';
import type { Sessions } from './sessions.js';
import type { IssuedClaims, Tokens } from './tokens.js';
import type { TrustedClaims, TrustedTokens } from './trusted-tokens.js';
import type { TrustedUsers } from './trusted-users.js';
import type { ApiTokenCredential, IssuedCredential, TrustedCredential, Viewer } from '../viewer.js';

/** Why a credential is refused. */
export type Refusal =
  /** A new token helps. */
  | 'badToken'
  /** The session, the API token or the account is gone: a new access token does not help. */
  | 'sessionOver';

export type Authenticated = { viewer: Viewer } | { refusal: Refusal };

/** All as of at most two seconds ago. Each throws UnavailableError if the database is away. */
export interface Authentication {
  byAccessToken(accessToken: string): Promise<Authenticated>;
  byApiToken(token: string): Promise<Authenticated>;
  /** Whether the viewer's credential is still valid, for a further request with it. */
  again(viewer: Viewer): Promise<Authenticated>;
  /** Reports `ended` (once, last) and each changed `role`, starting from the state after this call. */
  watch(viewer: Viewer, onChange: (what: CredentialChange, role: Role) => void): () => void;
}

export interface AuthenticationOptions {
  credentials: Pick<Credentials, 'factsOf' | 'stillGood' | 'watch' | 'forget'>;
  tokens: Pick<Tokens, 'readAccess' | 'readIssued'>;
  sessions: Pick<Sessions, 'authenticate'>;
  apiTokens: Pick<ApiTokens, 'noteUse'>;
  /** Undefined: no other product's tokens are accepted. */
  trusted: { tokens: TrustedTokens; users: TrustedUsers } | undefined;
}

export const hasExpired = ({ expiresAt }: Pick<Viewer, 'expiresAt'>): boolean =>
  expiresAt !== null && expiresAt.getTime() <= Date.now();

export const createAuthentication = ({
  credentials,
  tokens,
  sessions,
  apiTokens,
  trusted,
}: AuthenticationOptions): Authentication => {
  const byTrustedClaims = async (claims: TrustedClaims, users: TrustedUsers): Promise<Authenticated> => {
    const { externalId, expiresAt } = claims;
    const credential: TrustedCredential = { kind: 'trusted', externalId };
    let facts = await credentials.factsOf(credential);
    if (facts === undefined) {
      await users.make(claims);
      credentials.forget([credential], []);
      facts = await credentials.factsOf(credential);
    }
    if (!facts?.isOpen) return { refusal: 'sessionOver' };
    if (await users.followNames(claims, facts)) credentials.forget([credential], []);
    return { viewer: { id: facts.userId, role: facts.role, credential, expiresAt } };
  };

  const byIssued = async ({ userId, userCreatedAt, expiresAt }: IssuedClaims): Promise<Authenticated> => {
    const credential: IssuedCredential = { kind: 'issued', userId };
    const facts = await credentials.factsOf(credential);
    if (!facts?.isOpen || facts.userCreatedAt.getTime() !== userCreatedAt.getTime()) return { refusal: 'sessionOver' };
    return { viewer: { id: userId, role: facts.role, credential, expiresAt } };
  };

  return {
    byAccessToken: async (accessToken) => {
      const viewer = await sessions.authenticate(accessToken);
      if (viewer !== null) return { viewer };
      const own = tokens.readAccess(accessToken);
      if (own !== null) {
        const facts = await credentials.factsOf({ kind: 'session', sessionId: own.sessionId });
        // The session is still open, but this token is void.
        return { refusal: facts?.isOpen && facts.userId === own.userId ? 'badToken' : 'sessionOver' };
      }
      const issued = tokens.readIssued(accessToken);
      if (issued !== null) return byIssued(issued);
      const claims = trusted?.tokens.read(accessToken);
      return trusted && claims ? byTrustedClaims(claims, trusted.users) : { refusal: 'badToken' };
    },

    byApiToken: async (token) => {
      const hash = apiTokenHash(token);
      const facts = hash && (await credentials.factsOf({ kind: 'apiToken', hash }));
      if (!hash || !facts || hasExpired(facts)) return { refusal: 'badToken' };
      if (!facts.isOpen) return { refusal: 'sessionOver' };
      const credential: ApiTokenCredential = { kind: 'apiToken', hash, scopes: facts.scopes ?? [] };
      apiTokens.noteUse(credential);
      return { viewer: { id: facts.userId, role: facts.role, credential, expiresAt: facts.expiresAt } };
    },

    again: async (asking) => {
      const viewer = await credentials.stillGood(asking);
      if (viewer === null) return { refusal: hasExpired(asking) ? 'badToken' : 'sessionOver' };
      if (viewer.credential.kind === 'apiToken') apiTokens.noteUse(viewer.credential);
      return { viewer };
    },

    watch: (viewer, onChange) => credentials.watch(viewer, onChange),
  };
};
