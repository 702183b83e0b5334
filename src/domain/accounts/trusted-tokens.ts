/** Access tokens of another product: read, never issued. They identify that product's users. */
import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { readJwtHeader } from './jwt-header.js';
import { isStorable } from '../text.js';

/** A key that signs such tokens. */
export interface TrustedKey {
  key: KeyObject;
  /** Its name in token headers (`kid`); undefined: it may verify any token. */
  id: string | undefined;
  /** The algorithms of this key, and no others: so that a public key is never used as a shared secret. */
  algorithms: jwt.Algorithm[];
}

/** A token's claims about its user. */
export interface TrustedClaims {
  /** Their id in the product. */
  externalId: string;
  /** When the token was issued, or if it does not say so, when it expires: tells which of two is newer. */
  issuedAt: Date;
  expiresAt: Date;
  /** As in the product, possibly not valid here; so are the others below. */
  username: string | undefined;
  email: string | undefined;
  firstName: string | undefined;
  lastName: string | undefined;
}

export interface TrustedTokens {
  /** @returns null if it is malformed, expired or without an expiry, signed by another key, for another audience, or no access token */
  read(accessToken: string): TrustedClaims | null;
}

export interface TrustedTokensOptions {
  keys: readonly TrustedKey[];
  issuer: string;
  /** Undefined: any audience. */
  audience: string | undefined;
  /** The claim that identifies the user; text, or an integer. */
  userClaim: string;
}

// These tokens may carry long lists of rights; headers end at 16 KB.
const MAX_LENGTH = 12_000;
const MAX_ID_LENGTH = 255;

export const createTrustedTokens = ({ keys, issuer, audience, userClaim }: TrustedTokensOptions): TrustedTokens => {
  const verified = (accessToken: string): jwt.JwtPayload | null => {
    const header = readJwtHeader(accessToken);
    if (header === null) return null;
    const { id } = header;
    const named = keys.filter((key) => id === undefined || key.id === undefined || key.id === id);
    for (const { key, algorithms } of named) {
      try {
        const claims = jwt.verify(accessToken, key, {
          algorithms,
          issuer,
          ...(audience !== undefined && { audience }),
        });
        if (typeof claims !== 'string') return claims;
      } catch {
        // Another key may have signed it.
      }
    }
    return null;
  };

  return {
    read: (accessToken) => {
      if (accessToken.length > MAX_LENGTH) return null;
      const claims = verified(accessToken);
      // The library accepts a token that never expires, which nobody could revoke.
      if (claims?.exp === undefined) return null;
      // Some products sign refresh tokens alike, which must not be shown to other servers.
      if (claims.token_type !== undefined && claims.token_type !== 'access') return null;
      const externalId = asId(claims[userClaim]);
      if (externalId === null) return null;
      const { preferred_username: username, given_name: firstName, family_name: lastName, name, email } = claims;
      return {
        externalId,
        issuedAt: issuedAtOf(claims.iat, claims.exp),
        expiresAt: new Date(claims.exp * 1000),
        username: asText(username),
        email: claims.email_verified === false ? undefined : asText(email),
        ...namesIn(asText(firstName), asText(lastName), asText(name)),
      };
    },
  };
};

const asId = (claim: unknown): string | null => {
  if (Number.isSafeInteger(claim)) return String(claim);
  return typeof claim === 'string' && isExternalId(claim) ? claim : null;
};

/** Whether it can be a product's id of a user. */
export const isExternalId = (id: string): boolean => id !== '' && id.length <= MAX_ID_LENGTH && isStorable(id);

// A clock that is ahead must not block later changes.
const issuedAtOf = (iat: unknown, exp: number) =>
  typeof iat === 'number' && Number.isFinite(iat) ? new Date(Math.min(iat * 1000, Date.now())) : new Date(exp * 1000);

/** If the token has a full name only, it becomes the first name. */
const namesIn = (firstName: string | undefined, lastName: string | undefined, name: string | undefined) =>
  firstName === undefined && lastName === undefined && name !== undefined
    ? { firstName: name, lastName: '' }
    : { firstName, lastName };

const asText = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined);
