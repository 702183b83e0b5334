/** Reads TRUSTED_KEY into keys. */
import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Algorithm } from 'jsonwebtoken';
import { ConfigError } from './config.js';
import type { TrustedKey } from './domain/accounts/trusted-tokens.js';
import { isKeyPath } from './setting.js';
import { settings } from './settings.js';

const MIN_SECRET_BYTES = 32;
const MIN_RSA_BITS = 2048;

/**
 * Reads the file, if it is one.
 *
 * @throws ConfigError that says why the key is unsuitable
 */
export const readTrustedKeys = (written: string): TrustedKey[] => {
  const isPath = isKeyPath(written);
  try {
    return keysOf(isPath ? readFileSync(written, 'utf8').trim() : written);
  } catch (error) {
    const { name, expected, show } = settings.trustedKey;
    const reason = error instanceof UnfitKeyError ? error.message : `unreadable (${codeOf(error)})`;
    // Never show the value: a secret may look like a path.
    throw new ConfigError([{ name, value: `${isPath ? 'a file, ' : `${show!(written)}, `}${reason}`, expected }]);
  }
};

/** Its message completes "it is …". */
class UnfitKeyError extends Error {}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'no key';

const keysOf = (text: string): TrustedKey[] => {
  if (text.startsWith('{')) return keysOfJson(text);
  // Many write a PEM with \n into one line of the environment.
  if (text.includes('-----BEGIN')) return [publicKey(text.replaceAll('\\n', '\n'))];
  if (Buffer.byteLength(text) < MIN_SECRET_BYTES) throw new UnfitKeyError('too short');
  return [trusted(createSecretKey(text, 'utf8'))];
};

const publicKey = (pem: string): TrustedKey => {
  if (pem.includes('PRIVATE KEY')) throw new UnfitKeyError('a private key, which should stay where tokens are issued');
  return trusted(createPublicKey(pem));
};

interface Jwk extends JsonWebKey {
  kid?: string;
  alg?: string;
  use?: string;
}

const keysOfJson = (text: string): TrustedKey[] => {
  const content = parseJson(text) as { keys?: Jwk[] } & Jwk;
  const all = Array.isArray(content.keys) ? content.keys : [content];
  // Products also publish keys for other purposes, and of kinds that are not supported here.
  const fit = all.flatMap((jwk) => (jwk.use === 'enc' ? [] : (keyOfJwk(jwk) ?? [])));
  if (fit.length === 0) throw new UnfitKeyError('without a key that signs with RS, PS, ES or HS');
  return fit;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw new UnfitKeyError('no JSON');
  }
};

const keyOfJwk = (jwk: Jwk): TrustedKey | undefined => {
  try {
    const key = jwk.kty === 'oct' ? secretOf(jwk) : createPublicKey({ key: jwk, format: 'jwk' });
    const { algorithms } = trusted(key);
    const named = jwk.alg === undefined ? algorithms : algorithms.filter((algorithm) => algorithm === jwk.alg);
    return named.length === 0 ? undefined : { key, id: jwk.kid, algorithms: named };
  } catch {
    return undefined;
  }
};

const secretOf = ({ k = '' }: Jwk): KeyObject => {
  const bytes = Buffer.from(k, 'base64url');
  if (bytes.length < MIN_SECRET_BYTES) throw new UnfitKeyError('too short');
  return createSecretKey(bytes);
};

/** With the algorithms of the key itself. The algorithm in a token's header is only the sender's claim. */
const trusted = (key: KeyObject): TrustedKey => {
  const algorithms = algorithmsOf(key);
  if (algorithms.length === 0) throw new UnfitKeyError('of a kind that is not taken: RSA from 2048 bits on, or EC');
  return { key, id: undefined, algorithms };
};

const CURVES: Record<string, Algorithm> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

const algorithmsOf = ({ type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Algorithm[] => {
  if (type === 'secret') return ['HS256', 'HS384', 'HS512'];
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'ec') return namedCurve in CURVES ? [CURVES[namedCurve]!] : [];
  if (modulusLength < MIN_RSA_BITS) return [];
  if (asymmetricKeyType === 'rsa') return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  return [];
};
