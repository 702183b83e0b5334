import { describe, expect, it } from 'vitest';
import { RateLimitedError } from '../../../src/domain/errors.js';
import { createPasswords, generatePassword } from '../../../src/domain/accounts/passwords.js';

describe('passwords', () => {
  it('are kept as argon2id with the settings that OWASP names', async () => {
    const passwords = createPasswords();

    const hash = await passwords.hash('correct horse');

    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwords.hash('correct horse')).not.toBe(hash);
    expect(await passwords.verify(hash, 'correct horse')).toBe(true);
    expect(await passwords.verify(hash, 'Correct horse')).toBe(false);
  });

  it('are the same however the system composed them', async () => {
    const passwords = createPasswords();

    expect(await passwords.verify(await passwords.hash('cafe\u0301 au lait'), 'caf\u00e9 au lait')).toBe(true);
  });

  it('cost the same where there is none to compare with', async () => {
    const passwords = createPasswords();

    expect(await passwords.verify(null, 'whatever it is')).toBe(false);
    expect(await passwords.verifyNobody('whatever it is')).toBe(false);

    expect(passwords.computed).toBe(2);
  });

  it('are computed a few at a time, and refused where too many wait', async () => {
    const passwords = createPasswords({ concurrency: 1, queueSize: 2 });

    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.verifyNobody('a flood')));

    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    const refused = outcomes.at(-1) as PromiseRejectedResult;
    expect(refused.reason).toBeInstanceOf(RateLimitedError);
    expect((refused.reason as RateLimitedError).retryAfterMs).toBeGreaterThan(0);
    // And the next ones find room again.
    await expect(passwords.verifyNobody('after the flood')).resolves.toBe(false);
  });
});

describe('generatePassword', () => {
  it('makes another one each time, without letters that look alike', () => {
    const made = Array.from({ length: 100 }, generatePassword);

    expect(new Set(made).size).toBe(100);
    for (const password of made) expect(password).toMatch(/^[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}$/);
  });
});
