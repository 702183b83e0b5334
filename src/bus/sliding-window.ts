/** When each of the last few happened, so that no window of that length ever holds more than allowed, wherever it begins. */
import type { RateLimitRule } from './rate-limit-store.js';

export interface SlidingWindow {
  /** @returns 0 where it was taken, else the milliseconds until one more may be */
  take(now: number, rule: RateLimitRule): number;
  /** Takes back the one taken at `time`. */
  giveBack(time: number): void;
  /** The one taken at `time` counts from `now` on. */
  move(time: number, now: number): void;
  /** Whether nothing in it counts any more. */
  isOver(now: number): boolean;
}

export const createSlidingWindow = (): SlidingWindow => {
  // Ascending. As long as the limit at most, so shifting costs nothing worth a cleverer structure.
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
