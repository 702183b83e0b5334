import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryRateLimits } from '../../src/bus/memory-rate-limits.js';

const clocked = () => {
  const clock = { time: 0 };
  const limits = createMemoryRateLimits({ now: () => clock.time, sweepMs: 5 });
  onTestFinished(() => limits.close());
  return { clock, limits };
};

const tenAMinute = { limit: 10, windowMs: 60_000 };

describe('limits counted by one node', () => {
  it('S2.23 C5 allows ten a minute, and says exactly when the next is allowed', async () => {
    const { clock, limits } = clocked();
    for (let sent = 0; sent < 10; sent++) {
      clock.time = sent * 1000;
      expect(await limits.take('ada', tenAMinute)).toMatchObject({ allowed: true });
    }

    clock.time = 20_000.25;
    const refused = await limits.take('ada', tenAMinute);

    expect(refused).toEqual({ allowed: false, retryAfterMs: 40_000 });
    clock.time = 59_999.9;
    expect(await limits.take('ada', tenAMinute)).toEqual({ allowed: false, retryAfterMs: 1 });
    clock.time = 60_000;
    expect(await limits.take('ada', tenAMinute)).toMatchObject({ allowed: true });
    expect(await limits.take('ada', tenAMinute)).toEqual({ allowed: false, retryAfterMs: 1000 });
  });

  it('S2.23 never allows more than that in any window, wherever it begins, and never refuses without need', async () => {
    const rule = { limit: 3, windowMs: 10 };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(12), { maxLength: 60 }), async (pauses) => {
        const { clock, limits } = clocked();
        const allowed: number[] = [];
        for (const pause of pauses) {
          clock.time += pause;
          const isAllowed = (await limits.take('ada', rule)).allowed;
          const recent = allowed.filter((time) => time > clock.time - rule.windowMs);
          expect(isAllowed).toBe(recent.length < rule.limit);
          if (isAllowed) allowed.push(clock.time);
        }
        limits.close();
      }),
    );
  });

  it('S2.23 counts neither what was refused nor what was given back, and gives back once', async () => {
    const { clock, limits } = clocked();
    const rule = { limit: 2, windowMs: 100 };
    const first = await limits.take('ada', rule);
    clock.time = 50;
    await limits.take('ada', rule);
    expect(await limits.take('ada', rule)).toEqual({ allowed: false, retryAfterMs: 50 });

    if (first.allowed) {
      first.giveBack();
      first.giveBack();
    }

    expect(await limits.take('ada', rule)).toMatchObject({ allowed: true });
    expect(await limits.take('ada', rule)).toEqual({ allowed: false, retryAfterMs: 100 });
  });

  it('S2.23 counts each user apart', async () => {
    const { limits } = clocked();
    await limits.take('ada', { limit: 1, windowMs: 100 });

    expect(await limits.take('ben', { limit: 1, windowMs: 100 })).toMatchObject({ allowed: true });
  });

  it('forgets whom it need not remember', async () => {
    const { clock, limits } = clocked();
    for (let user = 0; user < 1000; user++) await limits.take(`user ${user}`, { limit: 1, windowMs: 100 });
    expect(limits.size).toBe(1000);

    clock.time = 101;

    await expect.poll(() => limits.size).toBe(0);
  });
});
