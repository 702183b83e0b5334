/** Passwords are stored as argon2id hashes. A flood of sign-ins must not take the threads that everything else needs. */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { isDjangoHash, verifyDjango } from './django-passwords.js';
import { RateLimitedError } from '../errors.js';

export interface Passwords {
  /**
   * @returns argon2id in PHC form
   * @throws RateLimitedError if too many are waiting already; `verify` and `verifyNobody` too
   */
  hash(password: string): Promise<string>;
  /**
   * @param hash ours, or an imported one (`django-passwords.ts`); null for a user without a password: then the result
   *   is false, after the same work
   */
  verify(hash: string | null, password: string): Promise<boolean>;
  /** The same work for a user who does not exist. */
  verifyNobody(password: string): Promise<false>;
  /** How many hashes were computed so far. */
  readonly computed: number;
}

export interface PasswordsOptions {
  /** How many are computed at once; one core is left for everything else. */
  concurrency?: number;
  /** How many may wait; each takes some 50 ms. */
  queueSize?: number;
}

// OWASP: argon2id (the library's default) with 19 MiB, 2 passes, 1 lane.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
// A hash that no password matches; verifying it costs the same as a real one.
const decoy = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${base64(randomBytes(16))}$${base64(randomBytes(32))}`;

// Another system may compose the same password differently. Passwords end at 128 code points, so the rest is not looked at.
const normalised = (password: string) => password.slice(0, 1024).normalize('NFC');

const compareAsTyped = async (hashed: string, password: string): Promise<boolean> => {
  const typed = password.slice(0, 1024);
  return (
    (await verifyDjango(hashed, typed)) || (typed !== normalised(typed) && verifyDjango(hashed, normalised(typed)))
  );
};

export const createPasswords = ({
  concurrency = Math.max(1, Math.min(2, availableParallelism() - 1)),
  queueSize = 200,
}: PasswordsOptions = {}): Passwords => {
  const waiting: (() => void)[] = [];
  let running = 0;
  let computed = 0;
  let lastMs = 50;

  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (waiting.length >= queueSize) throw new RateLimitedError(Math.ceil((waiting.length * lastMs) / concurrency));
    // A woken waiter takes over the place of the one that woke it, so that no other can slip in between.
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      computed++;
      lastMs = performance.now() - startedAt;
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };

  const compare = (hashed: string, password: string) =>
    inTurn(() => (isDjangoHash(hashed) ? compareAsTyped(hashed, password) : verify(hashed, normalised(password))));

  return {
    hash: (password) => inTurn(() => hash(normalised(password), cost)),
    verify: async (hashed, password) => (await compare(hashed ?? decoy, password)) && hashed !== null,
    verifyNobody: async (password) => {
      await compare(decoy, password);
      return false;
    },
    get computed() {
      return computed;
    },
  };
};

// Without 0, o, 1, l and i, which look alike.
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A generated password: four groups of five, some 99 bits. */
export const generatePassword = (): string => {
  const letters: string[] = [];
  while (letters.length < 20) {
    // 248 is the largest multiple of 31 in a byte: every letter is equally likely.
    for (const byte of randomBytes(32)) if (byte < 248 && letters.length < 20) letters.push(ALPHABET[byte % 31]!);
  }
  return [0, 5, 10, 15].map((start) => letters.slice(start, start + 5).join('')).join('-');
};
