/** Who is asking, by what they show: an access token of ours or of a trusted product, or an API token. */
import type { Role } from '../generated/prisma/enums.js';
import { apiTokenCredential, type ApiTokens } from './api-tokens.js';
import type { CredentialChange } from './credential-watch.js';
import type { Credentials } from './credentials.js';
import type { Sessions } from './sessions.js';
import type { Tokens } from './tokens.js';
import type { TrustedClaims, TrustedTokens } from './trusted-tokens.js';
import type { TrustedUsers } from './trusted-users.js';
import type { TrustedCredential, Viewer } from './viewer.js';

/** Why a credential is no good. */
export type Refusal =
  /** A new token helps. */
  | 'badToken'
  /** The session, the API token or the account is gone: a new access token does not help. */
  | 'sessionOver';

export type Authenticated = { viewer: Viewer } | { refusal: Refusal };

/** All as of at most two seconds ago. Each throws UnavailableError where the database is away. */
export interface Authentication {
  byAccessToken(accessToken: string): Promise<Authenticated>;
  byApiToken(token: string): Promise<Authenticated>;
  /** Whether what this viewer has shown still holds, as they ask for something more by it. */
  again(viewer: Viewer): Promise<Authenticated>;
  /** Tells of `ended` (once, at last) and of a changed `role`, from the state after this call on. */
  watch(viewer: Viewer, onChange: (what: CredentialChange, role: Role) => void): () => void;
}

export interface AuthenticationOptions {
  credentials: Pick<Credentials, 'factsOf' | 'stillGood' | 'watch' | 'forget'>;
  tokens: Pick<Tokens, 'readAccess'>;
  sessions: Pick<Sessions, 'authenticate'>;
  apiTokens: Pick<ApiTokens, 'noteUse'>;
  /** Undefined: no other product's tokens are taken. */
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
    return { viewer: { id: facts.userId, role: facts.role, credential, expiresAt } };
  };

  return {
    byAccessToken: async (accessToken) => {
      const viewer = await sessions.authenticate(accessToken);
      if (viewer !== null) return { viewer };
      if (tokens.readAccess(accessToken) !== null) return { refusal: 'sessionOver' };
      const claims = trusted?.tokens.read(accessToken);
      return trusted && claims ? byTrustedClaims(claims, trusted.users) : { refusal: 'badToken' };
    },

    byApiToken: async (token) => {
      const credential = apiTokenCredential(token);
      const facts = credential && (await credentials.factsOf(credential));
      if (!credential || !facts || hasExpired(facts)) return { refusal: 'badToken' };
      if (!facts.isOpen) return { refusal: 'sessionOver' };
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
