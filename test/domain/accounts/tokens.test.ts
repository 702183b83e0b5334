import { createHash, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { createTokens, newRefreshToken, refreshTokenHash } from '../../../src/domain/accounts/tokens.js';
import { testSecret } from '../../support/domain.js';

const tokens = createTokens({ secret: testSecret, accessTokenMinutes: 15 });
const sessionId = randomUUID();
const session = { id: sessionId, rotation: 3, endsAt: new Date(Date.now() + 86_400_000) };

interface Signing {
  secret?: string;
  algorithm?: jwt.Algorithm;
  header?: object;
}

/** Signed as ours are, but for what is said. */
const signed = (claims: object, { secret = testSecret, algorithm = 'HS256', header = {} }: Signing = {}) => {
  const now = Math.floor(Date.now() / 1000);
  const ours = { iss: 'parley', aud: 'parley', sub: '7', sid: sessionId, iat: now, exp: now + 60 };
  const all = Object.entries({ ...ours, ...claims }).filter(([, value]) => value !== undefined);
  return jwt.sign(Object.fromEntries(all), secret, { algorithm, header: { alg: algorithm, ...header } });
};

describe('access tokens', () => {
  it('S3.13 S4.2 name user and session, and end after 15 minutes', () => {
    const before = Date.now();

    const { accessToken, expiresAt } = tokens.issueAccess(7n, session);

    expect(tokens.readAccess(accessToken)).toEqual({ userId: 7n, sessionId, rotation: 3, expiresAt });
    expect(expiresAt.getTime()).toBeGreaterThanOrEqual(before - 1000 + 15 * 60_000);
    expect(expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 15 * 60_000);
    expect(jwt.decode(accessToken, { complete: true })).toMatchObject({
      header: { alg: 'HS256' },
      payload: { iss: 'parley', aud: 'parley', sub: '7', sid: sessionId, jti: expect.any(String) as string },
    });
  });

  it('are never twice the same', () => {
    expect(tokens.issueAccess(7n, session).accessToken).not.toBe(tokens.issueAccess(7n, session).accessToken);
  });

  it('S2.12 are good when made as ours are', () => {
    expect(tokens.readAccess(signed({}))).toMatchObject({ userId: 7n, sessionId });
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['nothing', ''],
    ['something endless', 'x'.repeat(1_000_000)],
    ['one of another secret', signed({}, { secret: 'another secret, also thirty-two bytes' })],
    ['one of another algorithm', signed({}, { algorithm: 'HS512' })],
    ['one that is not signed', `${signed({}, { algorithm: 'none', secret: '' })}`],
    ['one with what must be understood', signed({}, { header: { crit: ['x'], x: 1 } })],
    ['one whose payload would be read otherwise', signed({}, { header: { b64: true } })],
    ['one of another issuer', signed({ iss: 'another' })],
    ['one for another audience', signed({ aud: 'another' })],
    ['one that has expired', signed({ exp: Math.floor(Date.now() / 1000) - 1 })],
    ['one that never expires', signed({ exp: undefined })],
    ['one without a user', signed({ sub: undefined })],
    ['one whose user is no id', signed({ sub: '7 OR true' })],
    ['one without a session', signed({ sid: undefined })],
    ['one whose session is no id', signed({ sid: "'" })],
  ])('S2.12 are not good: %s', (_what, accessToken) => {
    expect(tokens.readAccess(accessToken)).toBeNull();
  });
});

describe('refresh tokens', () => {
  it('are random, recognisable, and kept as SHA-256', () => {
    const { refreshToken, hash } = newRefreshToken();

    expect(refreshToken).toMatch(/^prt_[\w-]{43}$/);
    expect(refreshTokenHash(refreshToken)).toEqual(hash);
    expect(hash).toEqual(createHash('sha256').update(refreshToken).digest());
    expect(newRefreshToken().refreshToken).not.toBe(refreshToken);
  });

  it('are told from what is none', () => {
    for (const text of ['', 'prt_', 'nonsense', `${newRefreshToken().refreshToken}\n`, `prt_${'a'.repeat(44)}`]) {
      expect(refreshTokenHash(text)).toBeNull();
    }
  });
});
