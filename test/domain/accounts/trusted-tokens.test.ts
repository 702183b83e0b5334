import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { createTrustedTokens } from '../../../src/domain/accounts/trusted-tokens.js';
import { readTrustedKeys } from '../../../src/trusted-keys.js';

const secret = 'the secret of the shop, which is long enough';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const anotherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const pem = ({ publicKey }: { publicKey: KeyObject }) => publicKey.export({ type: 'spki', format: 'pem' }).toString();
const jwk = ({ publicKey }: { publicKey: KeyObject }, more: object) => ({
  ...publicKey.export({ format: 'jwk' }),
  ...more,
});

const now = Math.floor(Date.now() / 1000);
const ours = { iss: 'https://shop.example', aud: 'chat', sub: '42', exp: now + 60 };

const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'trusted-'));

const trusting = (key: string, more: { audience?: string; userClaim?: string } = {}) =>
  createTrustedTokens({
    keys: readTrustedKeys(key),
    issuer: 'https://shop.example',
    audience: undefined,
    userClaim: 'sub',
    ...more,
  });

const signed = (claims: object, key: jwt.Secret = secret, options: jwt.SignOptions = {}) =>
  jwt.sign(claims, key, options);

describe('a token of another product', () => {
  it('says who it is of, until when, and what is known of them', () => {
    const known = { preferred_username: 'ada', given_name: 'Ada', family_name: 'Novak', email: 'ada@shop.example' };

    expect(trusting(secret).read(signed({ ...ours, ...known, iat: ours.exp - 60 }))).toEqual({
      externalId: '42',
      expiresAt: new Date(ours.exp * 1000),
      issuedAt: new Date((ours.exp - 60) * 1000),
      username: 'ada',
      firstName: 'Ada',
      lastName: 'Novak',
      email: 'ada@shop.example',
    });
    expect(
      trusting(secret).read(signed({ ...ours, name: 'Ada Novak', email: 'x@y.z', email_verified: false })),
    ).toMatchObject({ firstName: 'Ada Novak', email: undefined });
  });

  it('S3.13 may say who it is of by another claim, and by a number', () => {
    const { sub: _, ...claims } = ours;
    const token = signed({ ...claims, token_type: 'access', user_id: 7, jti: 'x' });

    expect(trusting(secret, { userClaim: 'user_id' }).read(token)).toMatchObject({ externalId: '7' });
    expect(trusting(secret).read(token)).toBeNull();
  });

  it.each<[string, jwt.Algorithm, string, jwt.Secret]>([
    ['a shared secret', 'HS512', secret, secret],
    ['an RSA key', 'RS256', pem(rsa), rsa.privateKey],
    ['an RSA key with PSS', 'PS384', pem(rsa), rsa.privateKey],
    ['an RSA key in one line', 'RS512', pem(rsa).replaceAll('\n', '\\n'), rsa.privateKey],
    ['an EC key', 'ES256', pem(ec), ec.privateKey],
    ['a JWK', 'ES256', JSON.stringify(jwk(ec, {})), ec.privateKey],
  ])('is taken with %s (%s)', (_what, algorithm, key, signing) => {
    expect(trusting(key).read(signed(ours, signing, { algorithm }))).toMatchObject({ externalId: '42' });
  });

  it('is read with the key of a JWKS that its header names', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'keys.json');
    const ed = generateKeyPairSync('ed25519');
    const keys = [
      jwk(rsa, { kid: 'old', alg: 'RS256' }),
      jwk(anotherRsa, { kid: 'new' }),
      jwk(ec, { kid: 'sealing', use: 'enc' }),
      { ...ed.publicKey.export({ format: 'jwk' }), kid: 'other' },
    ];
    writeFileSync(path, JSON.stringify({ keys }));
    const { read } = trusting(path);
    const by = (pair: typeof rsa, keyid?: string, algorithm: jwt.Algorithm = 'RS256') =>
      read(signed(ours, pair.privateKey, { algorithm, ...(keyid !== undefined && { keyid }) }));

    expect(by(rsa, 'old')).not.toBeNull();
    expect(by(anotherRsa, 'new', 'PS256')).not.toBeNull();
    expect(by(anotherRsa)).not.toBeNull();
    for (const refused of [
      by(rsa, 'new'),
      by(rsa, 'gone'),
      by(rsa, 'old', 'RS512'),
      read(signed(ours, ec.privateKey, { algorithm: 'ES256', keyid: 'sealing' })),
    ])
      expect(refused).toBeNull();
  });

  it('is none where it is for another, by another, over, without an end, or no access token', () => {
    const { exp: _, ...endless } = ours;
    const chat = trusting(secret, { audience: 'chat' });

    expect(chat.read(signed(ours))).not.toBeNull();
    expect(chat.read(signed({ ...ours, aud: ['shop', 'chat'] }))).not.toBeNull();
    for (const claims of [
      { ...ours, iss: 'https://shop.example/' },
      { ...ours, iss: undefined },
      { ...ours, aud: 'shop' },
      { ...ours, aud: undefined },
      { ...ours, exp: now - 1 },
      endless,
      { ...ours, nbf: now + 60 },
      { ...ours, token_type: 'refresh' },
      { ...ours, sub: '' },
      { ...ours, sub: 'a\0b' },
      { ...ours, sub: 'x'.repeat(256) },
      { ...ours, sub: undefined },
    ])
      expect(chat.read(signed(JSON.parse(JSON.stringify(claims)) as object)), JSON.stringify(claims)).toBeNull();
    for (const text of [
      '',
      'x',
      'a.b.c',
      signed(ours, `${secret}!`),
      `${signed(ours)}x`,
      signed({ ...ours, x: 'x'.repeat(12_000) }),
    ])
      expect(chat.read(text)).toBeNull();
  });

  it('is none without a signature, or where the public key was taken for a shared secret', () => {
    const { read } = trusting(pem(rsa));
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

    const unsigned = `${part({ alg: 'none', typ: 'JWT' })}.${part(ours)}.`;
    const confused = jwt.sign(ours, pem(rsa), { algorithm: 'HS256' });

    expect(read(signed(ours, rsa.privateKey, { algorithm: 'RS256' }))).not.toBeNull();
    expect(trusting(secret).read(unsigned)).toBeNull();
    for (const forged of [unsigned, confused, signed(ours, anotherRsa.privateKey, { algorithm: 'RS256' })])
      expect(read(forged)).toBeNull();
  });
});

describe('what is no token', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64url');

  it.each([
    ['a payload that is no JSON', `${base64('{"alg":"HS256","typ":"JWT"}')}.${base64('{')}.x`],
    ['a header that is no JSON', `${base64('{')}.${base64('{}')}.x`],
    ['a header that is a list', `${base64('[]')}.${base64('{}')}.x`],
    ['a header that is null', `${base64('null')}.${base64('{}')}.x`],
    ['nothing but dots', '..'],
    ['one part', base64('{"alg":"HS256"}')],
    ['what is no base64', '€.€.€'],
  ])('is of nobody: %s', (_what, token) => {
    expect(trusting(secret).read(token)).toBeNull();
  });
});

it.each([
  ['crit', { crit: ['exp'], exp: 1 }],
  ['a crit of what nobody knows', { crit: ['x'], x: 1 }],
  ['an empty crit', { crit: [] }],
  ['b64: false', { b64: false, crit: ['b64'] }],
  ['b64 alone', { b64: false }],
  ['b64: true', { b64: true }],
])('a token is refused whose header has %s, whatever its signature', (_what, header) => {
  // By hand: the library would leave the payload as it is.
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const write = (more: object) => {
    const content = `${part({ alg: 'HS256', typ: 'JWT', ...more })}.${part(ours)}`;
    return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
  };

  expect(trusting(secret).read(write({}))).not.toBeNull();
  expect(trusting(secret).read(write(header))).toBeNull();
});

describe('TRUSTED_KEY', () => {
  it('may be the path of a file with a secret or a key', () => {
    const folder = temporaryFolder();
    const [secretPath, pemPath] = [join(folder, 'secret'), join(folder, 'public.pem')];
    writeFileSync(secretPath, `${secret}\n`);
    writeFileSync(pemPath, pem(ec));

    expect(trusting(secretPath).read(signed(ours))).not.toBeNull();
    expect(trusting(pemPath).read(signed(ours, ec.privateKey, { algorithm: 'ES256' }))).not.toBeNull();
  });

  it('is refused where nothing can be read from it, and is not quoted', () => {
    const folder = temporaryFolder();
    const file = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

    for (const [written, reason] of [
      [join(folder, 'gone.pem'), 'ENOENT'],
      ['/hush-hush+aSecretThatBeginsLikeAPath/', 'ENOENT'],
      [file('short', 'hush-hush'), 'too short'],
      [file('broken.json', '{ "hush-hush"'), 'no JSON'],
      [file('empty.json', '{ "keys": [] }'), 'without a key'],
      [file('weak.pem', pem(weak)), 'of a kind that is not taken'],
      [file('damaged.pem', '-----BEGIN PUBLIC KEY-----\nhush-hush\n-----END PUBLIC KEY-----'), 'unreadable'],
      [privatePem, 'private key'],
    ] as const) {
      const message = messageOf(() => readTrustedKeys(written));
      expect(message).toContain('TRUSTED_KEY is ');
      expect(message).toContain(reason);
      expect(message).not.toContain('hush-hush');
      expect(message).not.toContain(privatePem.slice(30, 60));
    }
  });
});

const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError' });
    return (error as Error).message;
  }
  throw new Error('Nothing was thrown');
};
