/** The times of the last few takes, so that no window of that length ever holds more than allowed, wherever it begins. */
import type { RateLimitRule } from './rate-limit-store.js';

export interface SlidingWindow {
  /** @returns 0 if it was taken, otherwise the milliseconds until the next one is allowed */
  take(now: number, rule: RateLimitRule): number;
  /** Undoes the take at `time`. */
  giveBack(time: number): void;
  /** The take at `time` counts from `now` on instead. */
  move(time: number, now: number): void;
  /** Whether nothing in it counts any longer. */
  isOver(now: number): boolean;
}

export const createSlidingWindow = (): SlidingWindow => {
  // Ascending. At most as long as the limit, so shifting costs too little to justify a cleverer structure.
  const times: number[] = [];
  let windowMs = 0;

  const drop = (time: number) => {
    const index = times.lastIndexOf(time);
    if (index >= 0) times.splice(index, 1);
  };

  return {
    take: (now, rule) => {
      ({ windowMs } = rule);
      while (times.length > 0 && times[0]! + windowMs <= now) times.shift();
      const inTheWay = times[times.length - rule.limit];
      if (inTheWay !== undefined) return inTheWay + windowMs - now;
      times.push(now);
      return 0;
    },
    giveBack: drop,
    move: (time, now) => {
      drop(time);
      times.push(now);
    },
    isOver: (now) => times.length === 0 || times.at(-1)! + windowMs <= now,
  };
};
