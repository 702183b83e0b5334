import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCarriers, lifeMs, spreadMs, type Carrier } from '../../src/server/carriers.js';

const MINUTE = 60_000;

/** Says when it was ended, and leaves. */
const carrierIn = (carriers: ReturnType<typeof createCarriers>, ended: string[]): Carrier => {
  const carrier: Carrier = {
    end: (reason) => {
      ended.push(reason);
      added.remove();
      return Promise.resolve();
    },
    terminate: () => undefined,
  };
  const added = carriers.add(carrier);
  return carrier;
};

describe('what carries subscriptions', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is ended when it is old, after half of its time at least and all of it at most', () => {
    const carriers = createCarriers({ mostMinutes: 60 });
    const ended: string[] = [];
    for (let n = 0; n < 200; n += 1) carrierIn(carriers, ended);

    vi.advanceTimersByTime(30 * MINUTE - 1);
    const early = ended.length;
    vi.advanceTimersByTime(15 * MINUTE);
    const halfWay = ended.length;
    vi.advanceTimersByTime(15 * MINUTE + 1);

    expect(early).toBe(0);
    // Not all that came together go together.
    expect(halfWay).toBeGreaterThan(50);
    expect(halfWay).toBeLessThan(150);
    expect(ended).toHaveLength(200);
    expect(ended[0]).toMatch(/connect again/);
    expect(carriers.size).toBe(0);
  });

  it('grows as old as it likes where it may, and holds nothing once it has left', () => {
    const ended: string[] = [];
    carrierIn(createCarriers({ mostMinutes: 0 }), ended);
    createCarriers({ mostMinutes: 1 })
      .add({ end: () => Promise.resolve(void ended.push('left')), terminate: () => undefined })
      .remove();

    vi.advanceTimersByTime(365 * 24 * 60 * MINUTE);

    expect(ended).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves a stopping node one after the other, the first at once, all within the time that they are given', async () => {
    const carriers = createCarriers({ mostMinutes: 60 });
    const ended: string[] = [];
    for (let n = 0; n < 1000; n += 1) carrierIn(carriers, ended);

    const ending = carriers.endAll(5000);
    await vi.advanceTimersByTimeAsync(10);
    const first = ended.length;
    await vi.advanceTimersByTimeAsync(2490);
    const halfWay = ended.length;
    await vi.advanceTimersByTimeAsync(2500);
    await ending;

    expect(first).toBeLessThan(10);
    expect(first).toBeGreaterThan(0);
    expect(Math.abs(halfWay - 500)).toBeLessThan(10);
    expect(ended).toHaveLength(1000);
  });
});

it.each([
  [0, 0],
  [1, 0],
  [2, 10],
  [11, 100],
  [400, 3990],
  [10_000, 5000],
])('%i carriers leave within %i ms, where there are five seconds', (count, ms) => {
  expect(spreadMs(count, 5000)).toBe(ms);
});

it('lasts between half of the most and all of it', () => {
  expect([lifeMs(60, 0), lifeMs(60, 0.5), lifeMs(60, 1)]).toEqual([30 * MINUTE, 45 * MINUTE, 60 * MINUTE]);
});
