/** Access tokens of another product, whose people are known to it: read, never issued. */
import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { readJwtHeader } from './jwt-header.js';
import { isStorable } from '../text.js';

/** A key that signs such tokens. */
export interface TrustedKey {
  key: KeyObject;
  /** Its name in the header of tokens; undefined: it may be meant by any. */
  id: string | undefined;
  /** Those that this key can be meant for, and no others: so that a public key is never taken for a shared secret. */
  algorithms: jwt.Algorithm[];
}

/** What a token says of whom it belongs to. */
export interface TrustedClaims {
  /** Who they are in the product. */
  externalId: string;
  /** When it was issued, or where it does not say so, expires: what tells a newer one. */
  issuedAt: Date;
  expiresAt: Date;
  /** As it is there, and may not be good for here; the others below too. */
  username: string | undefined;
  email: string | undefined;
  firstName: string | undefined;
  lastName: string | undefined;
}

export interface TrustedTokens {
  /** @returns null where it is malformed, expired or without an end, signed by another, meant for another, or no access token */
  read(accessToken: string): TrustedClaims | null;
}

export interface TrustedTokensOptions {
  keys: readonly TrustedKey[];
  issuer: string;
  /** Undefined: whoever it is meant for. */
  audience: string | undefined;
  /** The claim that says who they are; text, or a whole number. */
  userClaim: string;
}

// Such tokens carry whole lists of rights; headers end at 16 KB.
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
        // Perhaps another key's.
      }
    }
    return null;
  };

  return {
    read: (accessToken) => {
      if (accessToken.length > MAX_LENGTH) return null;
      const claims = verified(accessToken);
      // The library takes a token that never expires, which nobody could take back.
      if (claims?.exp === undefined) return null;
      // What some products sign alike: refresh tokens, which are not for showing to others.
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

/** Whether a product can have called somebody that. */
export const isExternalId = (id: string): boolean => id !== '' && id.length <= MAX_ID_LENGTH && isStorable(id);

// A clock that is ahead must not keep out what is said later.
const issuedAtOf = (iat: unknown, exp: number) =>
  typeof iat === 'number' && Number.isFinite(iat) ? new Date(Math.min(iat * 1000, Date.now())) : new Date(exp * 1000);

/** A full name alone is all that they are called. */
const namesIn = (firstName: string | undefined, lastName: string | undefined, name: string | undefined) =>
  firstName === undefined && lastName === undefined && name !== undefined
    ? { firstName: name, lastName: '' }
    : { firstName, lastName };

const asText = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined);
