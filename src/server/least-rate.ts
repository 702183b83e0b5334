/** Uploads may take long, but not for ever: their deadline goes by the bytes that have come. */

export interface LeastRate {
  /** How long it may be slower, from the beginning. */
  graceMs: number;
  bytesPerSecond: number;
}

/** What a phone at the edge of a network still does. */
export const LEAST_RATE: LeastRate = { graceMs: 30_000, bytesPerSecond: 8192 };

const LOOK_MS = 1000;

/** The longest that so many bytes may take. */
export const longestMs = (bytes: number, { graceMs, bytesPerSecond }: LeastRate): number =>
  graceMs + (bytes / bytesPerSecond) * 1000;

/**
 * @param bytes how many have come so far
 * @param onSlow called at most once
 * @returns stops the watch
 */
export const watchRate = (
  { graceMs, bytesPerSecond }: LeastRate,
  bytes: () => number,
  onSlow: () => void,
): (() => void) => {
  const begun = performance.now();
  const timer = setInterval(
    () => {
      const late = performance.now() - begun - graceMs;
      if (late < 0 || bytes() >= (late / 1000) * bytesPerSecond) return;
      clearInterval(timer);
      onSlow();
    },
    Math.min(LOOK_MS, graceMs),
  );
  return () => clearInterval(timer);
};
