/** The tokens of a signed-in device: a short-lived access token that identifies it, and a refresh token to get the next one. */
import { createHash, createSecretKey, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { readJwtHeader } from './jwt-header.js';

export interface AccessClaims {
  userId: bigint;
  sessionId: string;
  /** The session's token pair that it belongs to; null if a version without rotations issued it. */
  rotation: number | null;
  expiresAt: Date;
}

/** From an issued token, which has no session. */
export interface IssuedClaims {
  userId: bigint;
  /** When the account was created: after a restore, another account may have its id. */
  userCreatedAt: Date;
  expiresAt: Date;
}

interface IssuedToken {
  accessToken: string;
  expiresAt: Date;
}

export interface Tokens {
  /** @param session no access token outlives its session */
  issueAccess(userId: bigint, session: { id: string; rotation: number; endsAt: Date }): IssuedToken;
  issueForUser(user: { id: bigint; createdAt: Date }, minutes: number): IssuedToken;
  /** @returns null if it is malformed, expired, signed by another key or meant for another audience; the session is not checked */
  readAccess(accessToken: string): AccessClaims | null;
  /** As `readAccess`; the account is not checked. */
  readIssued(accessToken: string): IssuedClaims | null;
}

export interface TokensOptions {
  /** At least 32 bytes; the same on every node. */
  secret: string;
  /** Its tokens are valid too, while a new secret replaces it; how long it still signs (`token-secrets.ts`). */
  old?: { secret: string; signsForMs: number } | undefined;
  accessTokenMinutes: number;
}

const ALGORITHM = 'HS256';
const NAME = 'parley';
// Ours have some 300 characters; anything much longer is refused unread.
const MAX_LENGTH = 2048;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ID = /^[1-9]\d{0,18}$/;

export const createTokens = ({ secret, old, accessTokenMinutes }: TokensOptions): Tokens => {
  const key = createSecretKey(secret, 'utf8');
  const oldKey = old && createSecretKey(old.secret, 'utf8');
  const keys = oldKey === undefined ? [key] : [key, oldKey];
  const signsFrom = performance.now() + (old?.signsForMs ?? 0);
  const signingKey = () => (oldKey !== undefined && performance.now() < signsFrom ? oldKey : key);

  const issue = (userId: bigint, about: object, minutes: number, endsAt?: Date): IssuedToken => {
    const issuedAt = Math.floor(Date.now() / 1000);
    const latest = endsAt === undefined ? Infinity : Math.floor(endsAt.getTime() / 1000);
    const expiresAt = Math.min(issuedAt + minutes * 60, latest);
    const claims = {
      iss: NAME,
      aud: NAME,
      sub: String(userId),
      ...about,
      jti: randomUUID(),
      iat: issuedAt,
      exp: expiresAt,
    };
    return {
      accessToken: jwt.sign(claims, signingKey(), { algorithm: ALGORITHM }),
      expiresAt: new Date(expiresAt * 1000),
    };
  };

  const read = (accessToken: string) => {
    const claims = accessToken.length > MAX_LENGTH ? null : verified(accessToken, keys);
    if (claims === null) return null;
    const { sub, exp } = claims;
    // The library accepts a token that never expires; we never issued one.
    if (exp === undefined || typeof sub !== 'string' || !ID.test(sub)) return null;
    return { claims, userId: BigInt(sub), expiresAt: new Date(exp * 1000) };
  };

  return {
    issueAccess: (userId, { id, rotation, endsAt }) =>
      issue(userId, { sid: id, rot: rotation }, accessTokenMinutes, endsAt),
    issueForUser: ({ id, createdAt }, minutes) => issue(id, { born: createdAt.getTime() }, minutes),

    readAccess: (accessToken) => {
      const token = read(accessToken);
      const sessionId: unknown = token?.claims.sid;
      if (token === null || typeof sessionId !== 'string' || !UUID.test(sessionId)) return null;
      const rotation: unknown = token.claims.rot ?? null;
      if (rotation !== null && !(Number.isSafeInteger(rotation) && (rotation as number) >= 0)) return null;
      return { userId: token.userId, sessionId, rotation: rotation as number | null, expiresAt: token.expiresAt };
    },

    readIssued: (accessToken) => {
      const token = read(accessToken);
      const born: unknown = token?.claims.born;
      if (token === null || typeof born !== 'number') return null;
      return { userId: token.userId, userCreatedAt: new Date(born), expiresAt: token.expiresAt };
    },
  };
};

const verified = (accessToken: string, keys: readonly KeyObject[]): jwt.JwtPayload | null => {
  if (readJwtHeader(accessToken) === null) return null;
  for (const key of keys) {
    try {
      const claims = jwt.verify(accessToken, key, { algorithms: [ALGORITHM], issuer: NAME, audience: NAME });
      return typeof claims === 'string' ? null : claims;
    } catch {
      // The other secret may have signed it.
    }
  }
  return null;
};

const REFRESH_TOKEN = /^prt_[A-Za-z0-9_-]{43}$/;

/** 32 random bytes, so a plain hash of it can be stored: nobody can guess the token from it. */
export const newRefreshToken = (): { refreshToken: string; hash: Buffer } => {
  const refreshToken = `prt_${randomBytes(32).toString('base64url')}`;
  return { refreshToken, hash: sha256(refreshToken) };
};

/** @returns null if it never was a refresh token of ours */
export const refreshTokenHash = (refreshToken: string): Buffer | null =>
  REFRESH_TOKEN.test(refreshToken) ? sha256(refreshToken) : null;

const sha256 = (text: string) => createHash('sha256').update(text).digest();
