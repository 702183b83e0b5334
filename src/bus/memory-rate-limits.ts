/** Limits that one node counts on its own: in memory, exact, lost when the process ends. */
import type { RateLimitRule, RateLimitStore, Take } from './rate-limit-store.js';
import { createSlidingWindow, type SlidingWindow } from './sliding-window.js';

export interface MemoryRateLimits extends RateLimitStore {
  /** As `take`, but synchronous; `renew` moves it to now, for a store that counts it elsewhere a little later. */
  takeNow(key: string, rule: RateLimitRule): (Take & { allowed: false }) | (Take & { allowed: true; renew(): void });
  /** The number of keys in memory. */
  readonly size: number;
}

export interface MemoryRateLimitsOptions {
  /** Monotonic milliseconds. */
  now?: () => number;
  /** How often keys without a current count are removed. */
  sweepMs?: number;
}

export const createMemoryRateLimits = ({
  now = () => performance.now(),
  sweepMs = 60_000,
}: MemoryRateLimitsOptions = {}): MemoryRateLimits => {
  const windows = new Map<string, SlidingWindow>();

  const sweep = () => {
    const time = now();
    for (const [key, window] of windows) if (window.isOver(time)) windows.delete(key);
  };
  const sweeping = setInterval(sweep, sweepMs).unref();

  const takeNow: MemoryRateLimits['takeNow'] = (key, rule) => {
    const window = windows.get(key) ?? createSlidingWindow();
    windows.set(key, window);
    let time = now();
    const waitMs = window.take(time, rule);
    if (waitMs > 0) return { allowed: false, retryAfterMs: Math.ceil(waitMs) };
    let isGivenBack = false;
    return {
      allowed: true,
      giveBack: () => {
        if (!isGivenBack) window.giveBack(time);
        isGivenBack = true;
      },
      renew: () => {
        const later = now();
        if (!isGivenBack) window.move(time, later);
        time = later;
      },
    };
  };

  return {
    takeNow,
    take: (key, rule) => Promise.resolve(takeNow(key, rule)),
    get size() {
      return windows.size;
    },
    close: () => clearInterval(sweeping),
  };
};
