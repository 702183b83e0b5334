/** What a signed-in device shows: a short-lived access token that says who it is, and a refresh token to get the next one. */
import { createHash, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';

export interface AccessClaims {
  userId: bigint;
  sessionId: string;
  expiresAt: Date;
}

export interface Tokens {
  issueAccess(userId: bigint, sessionId: string): { accessToken: string; expiresAt: Date };
  /** @returns null where it is malformed, expired, signed by another or meant for another; whether the session goes on is not looked at */
  readAccess(accessToken: string): AccessClaims | null;
}

export interface TokensOptions {
  /** At least 32 bytes; the same on every node. */
  secret: string;
  accessTokenMinutes: number;
}

const ALGORITHM = 'HS256';
const NAME = 'parley';
// Ours have some 300 characters; nothing much longer is worth a look.
const LONGEST = 2048;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ID = /^[1-9]\d{0,18}$/;

export const createTokens = ({ secret, accessTokenMinutes }: TokensOptions): Tokens => {
  const key = createSecretKey(secret, 'utf8');

  return {
    issueAccess: (userId, sessionId) => {
      const issuedAt = Math.floor(Date.now() / 1000);
      const expiresAt = issuedAt + accessTokenMinutes * 60;
      const claims = {
        iss: NAME,
        aud: NAME,
        sub: String(userId),
        sid: sessionId,
        jti: randomUUID(),
        iat: issuedAt,
        exp: expiresAt,
      };
      return { accessToken: jwt.sign(claims, key, { algorithm: ALGORITHM }), expiresAt: new Date(expiresAt * 1000) };
    },

    readAccess: (accessToken) => {
      if (accessToken.length > LONGEST) return null;
      const claims = verified(accessToken, key);
      if (claims === null) return null;
      const { sub, sid, exp } = claims;
      // The library takes a token that never expires; we never made one.
      if (exp === undefined || typeof sub !== 'string' || !ID.test(sub)) return null;
      if (typeof sid !== 'string' || !UUID.test(sid)) return null;
      return { userId: BigInt(sub), sessionId: sid, expiresAt: new Date(exp * 1000) };
    },
  };
};

const verified = (accessToken: string, key: ReturnType<typeof createSecretKey>): jwt.JwtPayload | null => {
  try {
    const claims = jwt.verify(accessToken, key, { algorithms: [ALGORITHM], issuer: NAME, audience: NAME });
    return typeof claims === 'string' ? null : claims;
  } catch {
    return null;
  }
};

const REFRESH_TOKEN = /^prt_[A-Za-z0-9_-]{43}$/;

/** 32 random bytes, so that a plain hash of it can be kept and nothing guessed from that. */
export const newRefreshToken = (): { refreshToken: string; hash: Buffer } => {
  const refreshToken = `prt_${randomBytes(32).toString('base64url')}`;
  return { refreshToken, hash: sha256(refreshToken) };
};

/** @returns null for what never was a refresh token of ours */
export const refreshTokenHash = (refreshToken: string): Buffer | null =>
  REFRESH_TOKEN.test(refreshToken) ? sha256(refreshToken) : null;

const sha256 = (text: string) => createHash('sha256').update(text).digest();
