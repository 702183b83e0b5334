/**
 * Password hashes in Django's format, `<algorithm>$…`: imported by `parley import`, and at the first sign-in verified and
 * replaced by ours. The import limits the time and memory that they may cost.
 */
import { createHash, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';

const computePbkdf2 = promisify(pbkdf2);

const PBKDF2 = /^pbkdf2_sha256\$(\d{1,9})\$([^$]{1,256})\$([A-Za-z0-9+/]{43}=)$/;
const ARGON2 =
  /^argon2(\$argon2i?d?\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$[A-Za-z0-9+/]{11,256}\$[A-Za-z0-9+/]{16,256})$/;
const BCRYPT = /^bcrypt(_sha256)?\$(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53})$/;

/** Several times Django 6's defaults (1,200,000; 100 MiB, 2, 8; 12); a second or two at most. */
const MAX_COSTS = { iterations: 5_000_000, memoryKib: 262_144, passes: 10, lanes: 16, cost: 15 };

/** Hashes that sign-in verifies here; any other hash is one of ours. */
export const isDjangoHash = (hash: string): boolean => /^(?:pbkdf2_sha256|argon2|bcrypt(?:_sha256)?)\$/.test(hash);

/** Django's mark of an account without a password. */
export const isUnusable = (hash: string): boolean => hash === '' || hash.startsWith('!');

/** The problem with a hash to be imported, or nothing. */
export const djangoHashProblem = (hash: string): string | undefined => {
  const [, iterations] = PBKDF2.exec(hash) ?? [];
  if (iterations !== undefined) return Number(iterations) === 0 ? UNREADABLE : bounded({ iterations });
  const [, , memoryKib, passes, lanes] = ARGON2.exec(hash) ?? [];
  if (memoryKib !== undefined) return bounded({ memoryKib, passes, lanes });
  const [, , , cost] = BCRYPT.exec(hash) ?? [];
  if (cost !== undefined) return bounded({ cost });
  return isDjangoHash(hash) ? UNREADABLE : 'is of a kind other than pbkdf2_sha256, argon2, bcrypt and bcrypt_sha256';
};

const UNREADABLE = 'is not a hash as Django writes it';

const bounded = (asked: Partial<Record<keyof typeof MAX_COSTS, string | undefined>>): string | undefined => {
  const over = Object.entries(asked).find(([name, value]) => Number(value) > MAX_COSTS[name as keyof typeof MAX_COSTS]);
  return over && `asks for more than is computed at a sign-in (${over[0]} ${over[1]})`;
};

/** @param password as typed: Django does not normalise it */
export const verifyDjango = async (hash: string, password: string): Promise<boolean> => {
  const [, iterations, salt, digest] = PBKDF2.exec(hash) ?? [];
  if (iterations !== undefined) {
    const computed = await computePbkdf2(password, salt!, Number(iterations), 32, 'sha256');
    return timingSafeEqual(computed, Buffer.from(digest!, 'base64'));
  }
  const [, phc] = ARGON2.exec(hash) ?? [];
  if (phc !== undefined) return verifyArgon2(phc, password);
  const [, isSha256, bcrypt] = BCRYPT.exec(hash) ?? [];
  if (bcrypt === undefined) return false;
  return verifyBcrypt(isSha256 ? createHash('sha256').update(password).digest('hex') : password, bcrypt);
};
